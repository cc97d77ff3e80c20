//! What a chapter can ask for, each alone on a line in double braces. A file for each.

mod cases;
mod chart;
mod command;
mod exercise;
mod listing;
mod playground;
mod predict;
mod printed;
mod table;
mod timeline;
mod transcript;

use anyhow::{Result, bail};

use crate::outputs::Recording;
use crate::places::Places;
use crate::sources::Sources;
use crate::words;

pub(crate) use command::{ADDRESS, Command, SHOWN_ADDRESS, Shell};
pub(crate) use listing::language;
pub(crate) use timeline::{Shape, Timeline};

/// A directive.
#[derive(Debug)]
pub(crate) enum Directive {
    Cases(cases::Cases),
    Chart(chart::Chart),
    Command(Command),
    Exercise(exercise::Exercise),
    Listing(listing::Listing),
    Playground,
    PredictBegin(predict::Question),
    PredictEnd,
    Printed(printed::Printed),
    Shell(Shell),
    Table(table::Table),
    Timeline(Timeline),
    Transcript(transcript::Transcript),
}

const NAMES: &str = "listing, command, shell, transcript, timeline, diff, score, scatter, table, chart, cases, predict, \
                     exercise, playground";

impl Directive {
    /// Reads what stands between the braces.
    pub(crate) fn parse(text: &str) -> Result<Directive> {
        let (name, rest) = words::first(text.trim());
        Ok(match name {
            "#cases" => Directive::Cases(cases::Cases::parse(rest)?),
            "#chart" => Directive::Chart(chart::Chart::parse(rest)?),
            "#command" => Directive::Command(Command::parse(rest)?),
            "#diff" => Directive::Printed(printed::Printed::diff(rest)?),
            "#exercise" => Directive::Exercise(exercise::Exercise::parse(rest)?),
            "#listing" => Directive::Listing(listing::Listing::parse(rest)?),
            "#playground" => Directive::Playground,
            "#predict" => Directive::PredictBegin(predict::Question::parse(rest)?),
            "/predict" => Directive::PredictEnd,
            "#scatter" => Directive::Chart(chart::Chart::scatter()),
            "#score" => Directive::Printed(printed::Printed::score(rest)?),
            "#shell" => Directive::Shell(Shell::parse(rest)?),
            "#table" => Directive::Table(table::Table::parse(rest)?),
            "#timeline" => Directive::Timeline(Timeline::parse(rest)?),
            "#transcript" => Directive::Transcript(transcript::Transcript::parse(rest)?),
            _ => bail!("`{}` is no directive; there are {NAMES}", name.trim_start_matches(['#', '/'])),
        })
    }

    /// What it becomes in the chapter.
    pub(crate) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        match self {
            Directive::Cases(cases) => cases.markdown(page),
            Directive::Chart(chart) => chart.markdown(page),
            Directive::Command(command) => Ok(command.markdown()),
            Directive::Exercise(exercise) => exercise.markdown(page),
            Directive::Listing(listing) => listing.markdown(page),
            Directive::Playground => playground::markdown(page),
            Directive::PredictBegin(question) => Ok(question.markdown()),
            Directive::PredictEnd => Ok(predict::END.to_owned()),
            Directive::Printed(printed) => printed.markdown(page),
            Directive::Shell(shell) => Ok(shell.markdown()),
            Directive::Table(table) => table.markdown(page),
            Directive::Timeline(timeline) => timeline.markdown(page),
            Directive::Transcript(transcript) => transcript.markdown(page),
        }
    }

    /// What must have been printed or drawn for it.
    pub(crate) fn recording(&self) -> Option<Recording> {
        match self {
            Directive::Cases(_) => Some(cases::recording()),
            Directive::Printed(printed) => Some(printed.recording()),
            Directive::Timeline(timeline) => Some(timeline.recording()),
            Directive::Transcript(transcript) => Some(transcript.recording()),
            _ => None,
        }
    }
}

/// The page that directives are written into.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) places: &'a Places,
    /// Whether what is missing is shown as missing.
    pub(crate) is_draft: bool,
    /// The files that the book links to.
    pub(crate) sources: &'a mut Sources,
    /// HTML that is put in place of its mark when mdBook is done: it is no text to search, and Markdown would change it.
    pub(crate) inserts: Vec<String>,
}

impl Page<'_> {
    /// The mark that this HTML will replace.
    pub(crate) fn insert(&mut self, html: String) -> String {
        self.inserts.push(html);
        mark(self.inserts.len() - 1)
    }

    /// What was recorded. In a draft, that it is missing.
    pub(crate) fn recorded(&self, recording: &Recording) -> Result<String> {
        match recording.text(self.places) {
            Err(error) if self.is_draft => Ok(format!("missing: {error:#}\n")),
            text => text,
        }
    }
}

/// Stands for a page's HTML with this index.
pub(crate) fn mark(index: usize) -> String {
    format!("<div id=\"inserted-{index}\"></div>")
}

/// A code block, whatever its text.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|glyph| glyph != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_block_holds_text_that_has_fences() {
        assert_eq!(fenced("text", "a\n```\nb\n"), "````text\na\n```\nb\n````\n");
        assert_eq!(fenced("rs", "a"), "```rs\na\n```\n");
    }

    #[test]
    fn every_name_that_is_offered_is_a_directive() {
        for name in NAMES.split(", ") {
            let error = Directive::parse(&format!("#{name}"));
            assert!(!error.is_err_and(|error| error.to_string().contains("no directive")), "{name}");
        }
    }
}
