//! `build`: chapters with their directives followed, through mdBook, into a folder of HTML.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;
use mdbook_driver::config::Config;

use crate::chapter::{self, Chapter, Part};
use crate::directives::{Directive, Page, mark};
use crate::finding::Finding;
use crate::links::{self, CHAPTERS};
use crate::places::Places;
use crate::sources::Sources;
use crate::warnings;

/// Builds the book and says where it is.
pub(crate) fn run(places: &Places, out: &Path, is_draft: bool) -> Result<ExitCode> {
    println!("the book: {}", out.join("index.html").display());
    let findings = build(places, out, is_draft)?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let advice = if is_draft { "" } else { "; with --draft, what is missing is shown as missing" };
    println!("{} findings, so the book is not as it should be{advice}", findings.len());
    Ok(ExitCode::FAILURE)
}

/// Builds the book, unless there are findings.
pub(crate) fn build(places: &Places, out: &Path, is_draft: bool) -> Result<Vec<Finding>> {
    ensure_ours(out)?;
    let mut config = Config::from_disk(places.book().join("book.toml")).context("book/book.toml")?;
    config.build.build_dir = std::path::absolute(out).context("the folder to write to")?;
    let (_, mut findings) = chapter::chapters(places)?;
    if is_draft {
        findings.clear();
    }
    let summary = chapter::without_missing(chapter::summary(places)?, &places.chapters());
    let mut book = MDBook::load_with_config_and_summary(places.book(), config, summary)
        .context("cannot read the book")?;
    let mut sources = Sources::default();
    let mut inserts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    book.book.for_each_mut(|item| {
        let BookItem::Chapter(item) = item else { return };
        let Some(path) = item.path.as_ref().map(|path| path.display().to_string()) else { return };
        let chapter = Chapter { path, text: item.content.clone() };
        let mut page = Page { places, is_draft, sources: &mut sources, inserts: Vec::new() };
        item.content = expanded(&chapter, &mut page, &mut findings);
        inserts.insert(chapter.path, page.inserts);
    });
    if !findings.is_empty() {
        return Ok(findings);
    }
    let (built, warnings) = warnings::of(|| book.build());
    built.context("mdBook cannot build the book")?;
    findings.extend(warnings.into_iter().map(|warning| Finding::new("mdBook", warning)));
    let first = book.iter().find_map(|item| match item {
        BookItem::Chapter(chapter) => Some(chapter.path.as_ref()?.display().to_string()),
        _ => None,
    });
    for (path, inserts) in &inserts {
        insert(&out.join(path).with_extension("html"), inserts)?;
        // mdBook shows the first chapter there, too.
        if first.as_ref() == Some(path) {
            insert(&out.join("index.html"), inserts)?;
        }
    }
    sources.write(places, out)?;
    Ok(findings)
}

/// mdBook empties the folder that it writes to, so it must be empty or a book's.
fn ensure_ours(out: &Path) -> Result<()> {
    let Ok(mut entries) = fs::read_dir(out) else { return Ok(()) };
    ensure!(
        entries.next().is_none() || out.join("toc.js").is_file(),
        "{} has files that are no book, and would be emptied; choose another folder",
        out.display()
    );
    Ok(())
}

/// A chapter's text with its directives followed.
fn expanded(chapter: &Chapter, page: &mut Page<'_>, findings: &mut Vec<Finding>) -> String {
    let mut text = String::new();
    let mut question: Option<String> = None;
    for (index, part) in chapter.parts().enumerate() {
        let (place, shown) = match part {
            Part::Line(line) => (
                format!("{}:{}", chapter.path, index + 1),
                links::rewritten(line, CHAPTERS, page.places, page.sources),
            ),
            Part::Directive { place, indent, text } => {
                let shown = Directive::parse(text).and_then(|directive| {
                    pair(&directive, &place, &mut question)?;
                    directive.markdown(page)
                });
                let indented = |text: String| {
                    let lines =
                        text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned() + "\n");
                    format!("\n{}", lines.collect::<String>())
                };
                (place, shown.map(indented))
            }
        };
        match shown {
            Ok(shown) => text += &(shown + "\n"),
            Err(error) => findings.push(Finding::new(place, format!("{error:#}"))),
        }
    }
    if let Some(place) = question {
        findings.push(Finding::new(place, "this question has no {{/predict}}"));
    }
    text
}

/// Each question ends before the next one begins.
fn pair(directive: &Directive, place: &str, question: &mut Option<String>) -> Result<()> {
    match directive {
        Directive::PredictBegin(_) => {
            if let Some(open) = question.replace(place.to_owned()) {
                bail!("the question at {open} has no {{{{/predict}}}}");
            }
        }
        Directive::PredictEnd => ensure!(question.take().is_some(), "there is no question to end"),
        _ => {}
    }
    Ok(())
}

/// Puts HTML in the place of its marks.
fn insert(page: &Path, inserts: &[String]) -> Result<()> {
    if inserts.is_empty() {
        return Ok(());
    }
    let mut html = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    for (index, insert) in inserts.iter().enumerate() {
        let mark = mark(index);
        ensure!(html.matches(&mark).count() == 1, "{}: mdBook has not kept {mark}", page.display());
        html = html.replace(&mark, insert);
    }
    fs::write(page, html).with_context(|| format!("cannot write {}", page.display()))
}

#[cfg(test)]
mod tests;
