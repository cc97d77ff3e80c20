//! Commands in the chapters: each can be typed, and those that are quick do what they should.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use regex::Regex;

use super::Verdict;
use crate::chapter::{Chapter, Use};
use crate::directives::{ADDRESS, Directive, SHOWN_ADDRESS};
use crate::finding::Finding;
use crate::launcher::Launcher;
use crate::words;

/// Lets the program parse every command that the book shows: of directives, and in the text.
pub(super) fn parsed(launcher: &Launcher, chapters: &[Chapter], uses: &[Use]) -> Result<Verdict> {
    let mut commands: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for of in uses {
        for command in of_directive(&of.directive) {
            commands.entry(command).or_insert_with(|| of.place.clone());
        }
    }
    let mut findings = Vec::new();
    for (place, text) in typed(chapters)? {
        match words::split(&text) {
            Ok(command) => {
                commands.entry(command).or_insert(place);
            }
            Err(error) => findings.push(Finding::new(place, format!("{error:#}"))),
        }
    }
    for (command, place) in &commands {
        let asked: Vec<String> =
            ["--parse-only"].into_iter().map(str::to_owned).chain(addressed(command)).collect();
        let outcome = launcher.run(&asked)?;
        if !outcome.status.success() {
            let reason = outcome.text.lines().next().unwrap_or("it is refused").to_owned();
            findings
                .push(Finding::new(place, format!("`{}` cannot be typed: {reason}", words::join(command))));
        }
    }
    Ok(Verdict { seen: format!("{} commands", commands.len()), findings })
}

/// The commands that a directive shows.
fn of_directive(directive: &Directive) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    if let Directive::Command(command) = directive {
        commands.push(command.arguments.clone());
    }
    if let Some(recording) = directive.recording() {
        if let Some(server) = &recording.server {
            commands.push(server.clone());
        }
        commands.push(recording.arguments);
    }
    commands
}

/// The commands in the text of the chapters.
fn typed(chapters: &[Chapter]) -> Result<Vec<(String, String)>> {
    let commands = Regex::new(r"cargo run --release -- ([^`\n]+)").context("the pattern of commands")?;
    let mut found = Vec::new();
    for chapter in chapters {
        for (line, text) in (1..).zip(chapter.text.lines()) {
            let of_line =
                commands.captures_iter(text).map(|command| command[1].trim_end_matches("}}").to_owned());
            found.extend(of_line.map(|command| (format!("{}:{line}", chapter.path), command)));
        }
    }
    Ok(found)
}

/// The command as a reader types it.
fn addressed(command: &[String]) -> impl Iterator<Item = String> {
    command.iter().map(|word| if word == ADDRESS { SHOWN_ADDRESS.to_owned() } else { word.clone() })
}

/// Runs the commands that are marked as quick.
pub(super) fn quick(launcher: &Launcher, uses: &[Use]) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut count = 0;
    for of in uses {
        let Directive::Command(command) = &of.directive else { continue };
        if !command.is_quick {
            continue;
        }
        count += 1;
        let outcome = launcher.run(&command.arguments)?;
        if !outcome.status.success() {
            let problem =
                format!("`{}` fails:\n{}", words::join(&command.arguments), outcome.text.trim_end());
            verdict.findings.push(Finding::new(&of.place, problem));
        }
    }
    verdict.seen = format!("{count} quick commands");
    Ok(verdict)
}
