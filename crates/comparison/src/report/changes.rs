//! The comparison with an earlier run, as in the terminal.

use maud::{Markup, html};

use super::boxed::boxed;
use crate::analysis::Interval;
use crate::baseline::{Change, Changes, Judgement};
use crate::numbers;
use text::units;

/// The section of changes.
pub(super) fn changes(changes: &Changes) -> Markup {
    html! {
        section aria-labelledby="baseline" {
            h2 #baseline { "Compared with the run of " (changes.before) }
            @if !changes.warnings.is_empty() || !changes.unjudged.is_empty() {
                div.failures {
                    ul {
                        @for warning in &changes.warnings { li { "Warning: " (warning) } }
                        @for unjudged in &changes.unjudged { li { "Not judged: " (unjudged) } }
                    }
                }
            }
            @if !changes.notes.is_empty() { ul.quiet { @for note in &changes.notes { li { (note) } } } }
            @if changes.changes.is_empty() {
                p { "No model has a ratio to a floor in both runs, so nothing can be compared." }
            } @else {
                p { (changes.conclusion()) }
                p.note {
                    "Quotients to the floor. The change is the shift between the rounds of both runs, with its 95 % interval. "
                    "It counts only beyond what the twins of both runs show."
                }
                (boxed("Changes since the baseline", &html! {
                    thead {
                        tr {
                            @for title in ["model", "scenario", "times floor", "before", "after", "change", "verdict"] {
                                th scope="col" { (title) }
                            }
                        }
                    }
                    tbody { @for change in &changes.changes { (row(change)) } }
                }))
            }
        }
    }
}

fn row(change: &Change) -> Markup {
    let is_claimed = matches!(change.judgement, Judgement::Regression | Judgement::Worse | Judgement::Better);
    html! {
        tr {
            th scope="row" { (change.model) }
            td { (change.scenario) }
            td { (change.quantity.words()) }
            td { (numbers::times(change.before)) }
            td { (numbers::times(change.after)) }
            td {
                (units::change(change.factor))
                @if let Some(Interval { low, high }) = change.interval {
                    small { (units::change(low)) " to " (units::change(high)) }
                }
            }
            td.dim[!is_claimed] { @if is_claimed { strong { (change.judgement.words()) } } @else { (change.judgement.words()) } }
        }
    }
}
