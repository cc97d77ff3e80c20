//! Two tables of all models and floors, the claims about floors, and the noise of the twins.

use maud::{Markup, html};

use super::boxed::boxed;
use super::figure::absent;
use super::subjects::notes;
use crate::analysis::{Analysis, Claim, Metric, Pair, PointAnalysis, Row, ScenarioAnalysis};
use crate::answers::contest::models;
use crate::answers::versus::{self, claimed_best};
use crate::numbers;
use crate::scenario::Point;
use crate::subject::{Role, Subject};

/// The tables, the claims about floors, and the noise.
pub(super) fn summary(analysis: &Analysis) -> Markup {
    let columns: Vec<(&ScenarioAnalysis, &PointAnalysis)> =
        analysis.scenarios.iter().filter_map(|scenario| Some((scenario, only_point(scenario)?))).collect();
    html! {
        section aria-labelledby="summary" {
            h2 #summary { "Tables: against the floors" }
            @if columns.is_empty() {
                p { "No scenario of this run has a single load for all models." }
            } @else {
                p.note {
                    "Below each figure: its multiple of the floor's, with the 95 % interval. " em.dim { "Dimmed" }
                    ": no difference from the floor is shown, with the reason. ★: claimed to be better than every other "
                    "model that serves all clients."
                }
                (table(analysis, &columns, "What a message (churn: a connection) costs: the server's CPU time", &cost_cell))
                (table(analysis, &columns, "Throughput: messages (churn: connections) a second", &rate_cell))
                h3 { "Claims about floors" }
                ul { @for (scenario, point) in &columns { (claims(scenario, point)) } }
                h3 { "Noise" }
                p { "A twin is the same floor under another name. A difference between the two is noise." }
                ul { @for (scenario, point) in &columns { (twins(scenario, point)) } }
            }
        }
    }
}

/// The point of a scenario under load that has no curve and is not about options.
fn only_point(scenario: &ScenarioAnalysis) -> Option<&PointAnalysis> {
    scenario.scenario.load.as_ref().filter(|_| scenario.scenario.variants.is_empty())?;
    scenario.points.first().filter(|point| point.point == Point::Only)
}

type Cell = dyn Fn(&PointAnalysis, &Row) -> Markup;

fn table(
    analysis: &Analysis,
    columns: &[(&ScenarioAnalysis, &PointAnalysis)],
    title: &str,
    cell: &Cell,
) -> Markup {
    let is_shown = |subject: &&Subject| subject.role != Role::Twin && subject.clients.is_none();
    let subjects: Vec<&Subject> = analysis
        .run
        .subjects
        .iter()
        .filter(is_shown)
        .filter(|subject| columns.iter().any(|(_, point)| point.row(&subject.name).is_some()))
        .collect();
    let table = boxed(
        title,
        &html! {
            thead {
                tr {
                    th scope="col" { "model" }
                    @for (scenario, _) in columns { th scope="col" { (scenario.scenario.name) } }
                }
            }
            tbody {
                @for subject in subjects {
                    tr {
                        th scope="row" { (subject.name) }
                        @for (_, point) in columns {
                            @match point.row(&subject.name) {
                                Some(row) => (cell(point, row)),
                                None => td { (absent()) },
                            }
                        }
                    }
                }
            }
        },
    );
    html! { h3 { (title) } (table) }
}

fn cost_cell(point: &PointAnalysis, row: &Row) -> Markup {
    let write = |value| numbers::with_unit(Metric::CpuPerMessage, value);
    cell(point, row, Metric::CpuPerMessage, row.cost_ratio.as_ref(), write)
}

fn rate_cell(point: &PointAnalysis, row: &Row) -> Markup {
    let metric = point.rate();
    cell(point, row, metric, row.rate_ratio.as_ref(), |value| numbers::plain(metric, value))
}

/// A figure, its multiple of the floor's, and what must be known about both.
fn cell(
    point: &PointAnalysis,
    row: &Row,
    metric: Metric,
    ratio: Option<&Pair>,
    write: impl Fn(f64) -> String,
) -> Markup {
    let Some(value) = row.median(metric) else { return html! { td { (absent()) (note(row)) } } };
    let is_best = claimed_best(point, metric) == Some(row.subject.name.as_str());
    let is_open = ratio.is_some_and(|ratio| !ratio.claim.is_difference());
    html! {
        td.dim[is_open || row.valid == 0] {
            (star(is_best)) (write(value))
            @if let Some(ratio) = ratio {
                small { (numbers::spread(&ratio.spread, numbers::times)) " × " (ratio.right) }
                (unclaimed(point, ratio))
            }
            (note(row))
        }
    }
}

fn star(is_best: bool) -> Markup {
    html! { @if is_best { span.best role="img" aria-label="best" { "★" } " " } }
}

fn unclaimed(point: &PointAnalysis, ratio: &Pair) -> Markup {
    html! { @if let Some(why) = why_not(point, ratio.claim) { small { (why) } } }
}

fn note(row: &Row) -> Markup {
    html! { @if let Some(note) = notes(row).first() { small { (note) } } }
}

/// Why no difference is claimed, if none is.
fn why_not(point: &PointAnalysis, claim: Claim) -> Option<&'static str> {
    match claim {
        Claim::TooFewRounds if point.rows.iter().any(|row| row.invalid > 0) => Some("too few valid rounds"),
        other => versus::why_not(other),
    }
}

/// The claims about the models' cost in one scenario, and which are not possible.
fn claims(scenario: &ScenarioAnalysis, point: &PointAnalysis) -> Markup {
    let of = |is_chosen: fn(Claim) -> bool| -> Vec<(&str, &Pair)> {
        let ratio = |row: &'_ Row| row.cost_ratio.as_ref().is_some_and(|ratio| is_chosen(ratio.claim));
        let rows = models(point).filter(|row| ratio(row));
        rows.filter_map(|row| Some((row.subject.name.as_str(), row.cost_ratio.as_ref()?))).collect()
    };
    let listed = |claimed: Vec<(&str, &Pair)>| {
        let one = |(name, ratio): (&str, &Pair)| {
            format!("{name}, {} times {}", numbers::spread(&ratio.spread, numbers::times), ratio.right)
        };
        claimed.into_iter().map(one).collect::<Vec<String>>().join("; ")
    };
    let (higher, lower) = (of(|claim| claim == Claim::Higher), of(|claim| claim == Claim::Lower));
    let reasons =
        [Claim::NoDifference, Claim::WithinNoise, Claim::OneOfMany, Claim::TooFewRounds, Claim::NoTwin];
    let with_reason = |claim| {
        let rows =
            models(point).filter(|row| row.cost_ratio.as_ref().is_some_and(|ratio| ratio.claim == claim));
        let names: Vec<&str> = rows.map(|row| row.subject.name.as_str()).collect();
        let reason = why_not(point, claim).unwrap_or_default();
        (!names.is_empty()).then(|| format!("{} ({reason})", names.join(", ")))
    };
    let mut open: Vec<String> = reasons.into_iter().filter_map(with_reason).collect();
    let without_valid = |row: &&Row| row.cost_ratio.is_none().then(|| row.without_valid()).flatten();
    let invalid: Vec<&Row> = models(point).filter(|row| without_valid(row).is_some()).collect();
    if let Some(reason) = invalid.first().and_then(without_valid) {
        let names: Vec<&str> = invalid.iter().map(|row| row.subject.name.as_str()).collect();
        open.push(format!("{}: {reason}", names.join(", ")));
    }
    html! {
        li {
            b { (scenario.scenario.name) } ". "
            @if higher.is_empty() && lower.is_empty() { "No difference from a floor is claimed." }
            @if !higher.is_empty() { "A message costs more than the floor's: " (listed(higher)) ". " }
            @if !lower.is_empty() { "A message costs less than the floor's: " (listed(lower)) ". " }
            @if !open.is_empty() { " " span.dim { "Not claimed: " (open.join("; ")) "." } }
        }
    }
}

fn twins(scenario: &ScenarioAnalysis, point: &PointAnalysis) -> Markup {
    let differ: Vec<&str> = point
        .rows
        .iter()
        .filter(|row| row.subject.role == Role::Twin)
        .filter(|row| {
            [&row.cost_ratio, &row.rate_ratio].into_iter().flatten().any(|ratio| ratio.claim.is_difference())
        })
        .map(|row| row.subject.name.as_str())
        .collect();
    html! {
        li {
            b { (scenario.scenario.name) } ": "
            @match point.resolution(Metric::CpuPerMessage).zip(point.resolution(point.rate())) {
                Some((cost, rate)) => {
                    "two runs of the same program differ by up to " (numbers::percent_above(cost.noise))
                    " in cost and " (numbers::percent_above(rate.noise)) " in rate. A difference is claimed from "
                    (numbers::percent_above(cost.claimed_from)) " in cost and "
                    (numbers::percent_above(rate.claimed_from)) " in rate on, between servers that scatter as the twins do."
                },
                None => {
                    @match point.invalid_twins() {
                        Some(invalid) => { (invalid) ", so the noise is unknown and no difference is claimed." },
                        None => "no twin has enough rounds to show the noise, so no difference is claimed.",
                    }
                },
            }
            @if !differ.is_empty() {
                " " strong { "Beyond the other twins' noise: " (differ.join(", ")) "." }
            }
        }
    }
}
