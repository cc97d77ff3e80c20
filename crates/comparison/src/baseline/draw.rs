//! The table of changes for the terminal.

use super::{Change, Changes, Judgement, Quantity};
use crate::table::grid::{self, Cell, Line};
use crate::table::style::{DIM, FAILED, GOOD, PLAIN, TITLE};
use text::units::{change, three_digits};

const HEADER: [&str; 7] = ["scenario", "model", "times floor", "before", "after", "change", "verdict"];

/// Draws the warnings, the table and the conclusion, with colours that the caller may strip.
pub fn draw(changes: &Changes) -> String {
    let mut text = format!("\n{TITLE}Compared with the run of {}{TITLE:#}\n", changes.before);
    for warning in &changes.warnings {
        text.push_str(&format!(
            "{FAILED}{}{FAILED:#}\n",
            grid::wrap(&format!("warning: {warning}"), "  ").trim_end()
        ));
    }
    if changes.changes.is_empty() {
        text.push_str("no model has a ratio to a floor in both runs, so nothing can be compared\n");
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
    text.push_str(&grid::draw(&HEADER.map(str::to_owned), &lines, 3));
    text.push_str(&sum(changes));
    text.push_str(
        "Quotients to the floor, medians over the rounds. The change is the shift between the rounds of both\n\
         runs, with the 95 % interval; it counts only beyond what the twins of both runs show.\n",
    );
    text
}

fn line(change: &Change, names_scenario: bool, rule: bool) -> Line {
    let scenario = if names_scenario { change.scenario.as_str() } else { "" };
    let cells = [
        scenario.to_owned(),
        change.model.clone(),
        match change.quantity {
            Quantity::Cost => "CPU/message".to_owned(),
            Quantity::Rate => "rate".to_owned(),
        },
        three_digits(change.before),
        three_digits(change.after),
        shown(change),
        words(change.judgement).to_owned(),
    ];
    let style = match change.judgement {
        Judgement::Regression => FAILED,
        Judgement::Better => GOOD,
        Judgement::Worse => PLAIN,
        Judgement::NoChange | Judgement::WithinNoise | Judgement::TooFewRounds => DIM,
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

const fn words(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Regression => "regression",
        Judgement::Worse => "worse",
        Judgement::Better => "better",
        Judgement::NoChange => "no change",
        Judgement::WithinNoise => "noise",
        Judgement::TooFewRounds => "few rounds",
    }
}

fn sum(changes: &Changes) -> String {
    let bound = changes.bound_percent;
    let regressions = changes.changes.iter().filter(|change| change.judgement == Judgement::Regression);
    let mut names: Vec<String> =
        regressions.map(|change| format!("{} in {}", change.model, change.scenario)).collect();
    // Cost and rate of the same model are neighbours.
    names.dedup();
    if names.is_empty() {
        let judged =
            changes.changes.iter().filter(|change| change.judgement != Judgement::TooFewRounds).count();
        format!("No regression past {bound} %, of {judged} figures that can be judged.\n{}", unseen(changes))
    } else {
        let text = format!("Regression past {bound} %: {}.", names.join(", "));
        format!("{FAILED}{}{FAILED:#}\n", grid::wrap(&text, "  ").trim_end())
    }
}

/// The smallest regression that the runs can detect.
fn unseen(changes: &Changes) -> String {
    let noise = changes.changes.iter().filter_map(|change| change.noise).fold(1.0, f64::max);
    if 100.0 * (noise - 1.0) <= changes.bound_percent {
        return String::new();
    }
    format!(
        "Twins differ by up to {} in these runs: smaller regressions are not detected.\n",
        change(noise).trim_start_matches('+')
    )
}
