//! Failures, and whose limit each figure is.

use maud::{Markup, html};

use super::boxed::boxed;
use super::subjects::point_in_words;
use crate::analysis::{Analysis, PointAnalysis, Row, ScenarioAnalysis};
use crate::coverage::Coverage;
use crate::scenario::Point;

/// The largest number of entries listed; further ones are only counted.
const SHOWN: usize = 20;

/// The section of failures; nothing if there are none.
pub(super) fn failures(analysis: &Analysis) -> Markup {
    let failures: Vec<String> = rows(analysis)
        .flat_map(|(scenario, point, row)| {
            let place = place(scenario, point);
            row.failures.iter().map(move |failure| format!("{place}, {}, {failure}", row.subject.name))
        })
        .collect();
    html! {
        @if !failures.is_empty() {
            section.failures aria-labelledby="failures" {
                h2 #failures { "Failures" }
                p { "These trials failed or had wrong replies. No other figure includes them." }
                ul {
                    @for failure in failures.iter().take(SHOWN) { li { (failure) } }
                    @if failures.len() > SHOWN { li { "and " (failures.len() - SHOWN) " more" } }
                }
            }
        }
    }
}

/// The section of what the run was to measure and did not; nothing if it is whole.
pub(super) fn missing(coverage: &Coverage) -> Markup {
    let is_partial = coverage.made < coverage.planned;
    html! {
        @if is_partial || !coverage.gaps.is_empty() {
            section.failures aria-labelledby="missing" {
                h2 #missing { "Not measured" }
                @if is_partial {
                    p { "Incomplete: " (coverage.made) " of " (coverage.planned) " trials were made." }
                }
                ul {
                    @for gap in coverage.gaps.iter().take(SHOWN) { li { (gap) } }
                    @if coverage.gaps.len() > SHOWN { li { "and " (coverage.gaps.len() - SHOWN) " more" } }
                }
            }
        }
    }
}

/// The section that says that the machine was busy with something else; nothing if it was not.
pub(super) fn disturbance(analysis: &Analysis, coverage: &Coverage) -> Markup {
    let disturbance = analysis.disturbance();
    html! {
        @if disturbance.is_some() || coverage.repeated > 0 {
            section.failures aria-labelledby="disturbance" {
                h2 #disturbance { "Disturbed by other programs" }
                @if let Some(sentence) = disturbance {
                    p { (sentence) " Measure again while the machine does nothing else." }
                }
                @if coverage.repeated > 0 {
                    p { "Groups of trials that were disturbed, discarded and made again: " (coverage.repeated) "." }
                }
            }
        }
    }
}

/// Whose limit each figure is, with the reasons.
pub(super) fn verdicts(analysis: &Analysis) -> Markup {
    let judged: Vec<_> = rows(analysis).filter(|(_, _, row)| !row.verdicts.is_empty()).collect();
    let is_client = |row: &Row| {
        row.verdicts
            .first()
            .is_some_and(|(bound, _)| matches!(bound, loadgen::Bound::Client | loadgen::Bound::Invalid))
    };
    let doubtful: Vec<String> = judged
        .iter()
        .filter(|(_, _, row)| is_client(row))
        .map(|(scenario, point, row)| format!("{} in {}", row.subject.name, place(scenario, point)))
        .collect();
    html! {
        section aria-labelledby="verdicts" {
            h2 #verdicts { "Verdicts: whose limit it was" }
            p {
                "The load generator measures itself. Where it was the limit (client-bound), a rate is its own, not "
                "the server's. An invalid window is excluded from ratios. CPU time per message is always the "
                "server's."
            }
            @if judged.is_empty() { p { "No trial was judged." } }
            @else if doubtful.is_empty() { p { "No subject was mostly client-bound or invalid." } }
            @else if doubtful.len() <= SHOWN { p { "Mostly client-bound or invalid: " (doubtful.join("; ")) "." } }
            @else { p { "Mostly client-bound or invalid: " (doubtful.len()) " of " (judged.len()) " rows." } }
            @if !judged.is_empty() {
                details {
                    summary { "All verdicts, with reasons" }
                    div.words {
                        (boxed("Verdicts", &html! {
                            thead { tr { @for title in ["subject", "scenario", "verdict", "reason"] { th scope="col" { (title) } } } }
                            tbody {
                                @for (scenario, point, row) in &judged {
                                    tr {
                                        th scope="row" { (row.subject.name) }
                                        td { (place(scenario, point)) }
                                        td { (counted(row)) }
                                        td { (row.reason.as_deref().unwrap_or_default()) }
                                    }
                                }
                            }
                        }))
                    }
                }
            }
        }
    }
}

fn rows(analysis: &Analysis) -> impl Iterator<Item = (&ScenarioAnalysis, &PointAnalysis, &Row)> {
    analysis.scenarios.iter().flat_map(|scenario| {
        scenario.points.iter().flat_map(move |point| point.rows.iter().map(move |row| (scenario, point, row)))
    })
}

fn place(scenario: &ScenarioAnalysis, point: &PointAnalysis) -> String {
    match point.point {
        Point::Only => scenario.scenario.name.clone(),
        other => format!("{} at {}", scenario.scenario.name, point_in_words(other)),
    }
}

/// `server-bound 7, invalid 1`.
fn counted(row: &Row) -> String {
    let counted = row.verdicts.iter().map(|(bound, count)| format!("{bound} {count}"));
    counted.collect::<Vec<String>>().join(", ")
}
