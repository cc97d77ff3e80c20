//! `check`: whether everything that the book shows and says can still be believed. A kind of check is a file.

mod commands;
mod headings;
mod html;
mod masked;
mod recorded;
mod shapes;
mod shell;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::build;
use crate::chapter::{self, Chapter, Use};
use crate::finding::Finding;
use crate::launcher::Launcher;
use crate::places::Places;

/// What one kind of check has found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What was looked at, and how many of it.
    pub(crate) seen: String,
    pub(crate) findings: Vec<Finding>,
}

impl Verdict {
    fn print(&self, kind: &str) {
        println!(
            "{kind:<12}{}{}",
            self.seen,
            match self.findings.len() {
                0 => String::new(),
                1 => ": 1 finding".to_owned(),
                many => format!(": {many} findings"),
            }
        );
        for finding in &self.findings {
            println!("  {finding}");
        }
    }
}

/// Checks everything, or with `is_quick` what takes seconds.
pub(crate) fn run(places: &Places, program: Option<PathBuf>, is_quick: bool) -> Result<ExitCode> {
    let launcher = Launcher::get(places, program)?;
    let mut count = 0;
    each(places, &launcher, is_quick, |kind, verdict| {
        verdict.print(kind);
        count += verdict.findings.len();
    })?;
    if count == 0 {
        println!("all is as the book says");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{count} findings");
    Ok(ExitCode::FAILURE)
}

/// Tells the verdict of each kind of check as soon as it is known.
fn each(
    places: &Places,
    launcher: &Launcher,
    is_quick: bool,
    mut tell: impl FnMut(&'static str, Verdict),
) -> Result<()> {
    let (chapters, missing) = chapter::chapters(places)?;
    let uses: Vec<Use> = chapters.iter().flat_map(|chapter| chapter.uses().0).collect();
    let [directives, links] = of_pages(places, uses.len(), &missing)?;
    tell("chapters", of_chapters(places, &chapters, missing)?);
    tell("directives", directives);
    tell("links", links);
    tell("commands", commands::parsed(launcher, &chapters, &uses)?);
    tell("quick", commands::quick(launcher, &uses)?);
    tell("shell", shell::known(places, &uses));
    tell("outputs", recorded::exact(places, launcher, &uses)?);
    tell("pictures", shapes::recorded(places, &uses));
    if !is_quick {
        tell("transcripts", recorded::masked(places, launcher, &uses));
        tell("shapes", shapes::drawn_again(places, launcher, &uses));
    }
    Ok(())
}

fn of_chapters(places: &Places, chapters: &[Chapter], missing: Vec<Finding>) -> Result<Verdict> {
    let mut findings = missing;
    findings.extend(headings::unnamed(places, chapters)?);
    findings.extend(chapters.iter().flat_map(headings::wrong));
    Ok(Verdict { seen: format!("{} chapters", chapters.len()), findings })
}

/// Builds the book elsewhere, and follows all links in it. What is missing has been told.
fn of_pages(places: &Places, directives: usize, missing: &[Finding]) -> Result<[Verdict; 2]> {
    let folder = tempfile::tempdir().context("cannot create a folder for the pages")?;
    let mut findings = build::build(places, folder.path(), false)?;
    // Links can be followed without what is only missing.
    let is_built = findings.is_empty() || build::build(places, folder.path(), true)?.is_empty();
    let links = if is_built {
        html::dead_links(folder.path())?
    } else {
        Verdict { seen: "not followed, since the book cannot be built".to_owned(), findings: Vec::new() }
    };
    findings.retain(|finding| !missing.contains(finding));
    Ok([Verdict { seen: format!("{directives} directives"), findings }, links])
}

/// How often something whose outcome depends on the machine's load is tried.
const ATTEMPTS: usize = 3;

/// The outcome of the first attempt without a problem, or the last problem.
fn attempted(mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..ATTEMPTS {
        last = attempt();
        if last.is_ok() {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests;
