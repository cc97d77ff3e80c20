//! The table of changes for the terminal.

use super::{Change, Changes, Judgement};
use crate::table::grid::{self, Cell, Line};
use crate::table::style::{DIM, FAILED, GOOD, PLAIN, TITLE};
use text::units::{change, three_digits};

const HEADER: [&str; 7] = ["scenario", "model", "times floor", "before", "after", "change", "verdict"];

const HOW_TO_READ: &str = "\
Quotients to the floor, trimmed geometric means over the rounds. The change is that of the means, with
its own 95 % interval. It counts only beyond what the twins of both runs show, and corrected for the
number of changes.
";

/// Draws the warnings, the table and the conclusion within this width, with colours that the caller may strip.
pub fn draw(changes: &Changes, width: usize) -> String {
    let mut text = format!("\n{TITLE}Compared with the run of {}{TITLE:#}\n", changes.before);
    let wrap = |text: &str| grid::wrap(text, "  ", width).trim_end().to_owned();
    for warning in &changes.warnings {
        text.push_str(&format!("{FAILED}{}{FAILED:#}\n", wrap(&format!("warning: {warning}"))));
    }
    for note in &changes.notes {
        text.push_str(&format!("{DIM}{}{DIM:#}\n", wrap(note)));
    }
    for unjudged in &changes.unjudged {
        text.push_str(&format!("{FAILED}{}{FAILED:#}\n", wrap(&format!("NOT JUDGED: {unjudged}"))));
    }
    if changes.changes.is_empty() {
        text.push_str(&wrap("no model has a ratio to a floor in both runs, so nothing can be compared"));
        text.push('\n');
        return text;
    }
    let mut scenario = "";
    let lines = changes.changes.iter().map(|change| {
        let is_new = scenario != change.scenario;
        let line = line(change, is_new, !scenario.is_empty() && is_new);
        scenario = &change.scenario;
        line
    });
    let lines: Vec<Line> = lines.collect();
    text.push_str(&grid::draw(&HEADER.map(str::to_owned), &lines, 3, width));
    text.push_str(&sum(changes, width));
    for line in HOW_TO_READ.lines() {
        text.push_str(&grid::wrap(line, "", width));
    }
    text
}

fn line(change: &Change, names_scenario: bool, rule: bool) -> Line {
    let scenario = if names_scenario { change.scenario.as_str() } else { "" };
    let cells = [
        scenario.to_owned(),
        change.model.clone(),
        change.quantity.words().to_owned(),
        three_digits(change.before),
        three_digits(change.after),
        shown(change),
        change.judgement.words().to_owned(),
    ];
    let style = match change.judgement {
        Judgement::Regression => FAILED,
        Judgement::Better => GOOD,
        Judgement::Worse => PLAIN,
        Judgement::NoChange | Judgement::WithinNoise | Judgement::OneOfMany | Judgement::TooFewRounds => DIM,
    };
    Line { cells: cells.map(Cell::plain).to_vec(), style: Some(style), rule }
}

/// Such as `+12.3 % (+9.8 % to +15.0 %)`.
fn shown(of: &Change) -> String {
    let interval = of.interval.map_or(String::new(), |interval| {
        format!(" ({} to {})", change(interval.low), change(interval.high))
    });
    change(of.factor) + &interval
}

fn sum(changes: &Changes, width: usize) -> String {
    let text = grid::wrap(&changes.conclusion(), "  ", width);
    if changes.has_regression() { format!("{FAILED}{}{FAILED:#}\n", text.trim_end()) } else { text }
}
