//! The summary of the run, before any chart: two tables, the claims, and the noise of the twins.

use maud::{Markup, html};

use super::boxed::boxed;
use super::figure::absent;
use super::findings::leader;
use super::numbers;
use super::subjects::{models, notes};
use crate::analysis::{Analysis, Better, Claim, Metric, Pair, PointAnalysis, Row, ScenarioAnalysis, Spread};
use crate::scenario::Point;
use crate::subject::{Role, Subject};

/// The section at the top.
pub(super) fn summary(analysis: &Analysis) -> Markup {
    let columns: Vec<(&ScenarioAnalysis, &PointAnalysis)> =
        analysis.scenarios.iter().filter_map(|scenario| Some((scenario, only_point(scenario)?))).collect();
    html! {
        section aria-labelledby="summary" {
            h2 #summary { "Summary" }
            @if columns.is_empty() {
                p { "No scenario of this run has several models at the same load." }
            } @else {
                (table(analysis, &columns, "What a message costs: CPU time as a multiple of the floor's", &cost_cell))
                (table(analysis, &columns, "Throughput: messages (churn: connections) a second", &rate_cell))
                p.note {
                    "★ marks the best median of those that serve every client. Below each figure: its interval of "
                    "95 %, or its ratio to the floor. " em.dim { "Dimmed" }
                    ", with the reason in words: no difference from the floor is claimed."
                }
                h3 { "Claims" }
                ul { @for (scenario, point) in &columns { (claims(scenario, point)) } }
                h3 { "Noise" }
                p { "A twin is the same floor under another name. A difference between the two is noise." }
                ul { @for (scenario, point) in &columns { (twins(scenario, point)) } }
            }
        }
    }
}

/// The point of a scenario under load that has no curve.
fn only_point(scenario: &ScenarioAnalysis) -> Option<&PointAnalysis> {
    scenario.scenario.load.as_ref()?;
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
    let Some(ratio) = &row.cost_ratio else {
        let is_floor = row.subject.role == Role::Floor;
        return html! { td { @if is_floor { "1" small { "by definition" } } @else { (absent()) (note(row)) } } };
    };
    let best = leader(&models(point), |row| Some(&row.cost_ratio.as_ref()?.spread), Better::Lower);
    let is_best = best.is_some_and(|best| best.row.subject.name == row.subject.name);
    html! {
        td.dim[!ratio.claim.is_difference()] {
            (star(is_best)) (numbers::times(ratio.spread.center)) " ×"
            small { (interval(&ratio.spread, numbers::times)) }
            (unclaimed(point, ratio))
            (note(row))
        }
    }
}

fn rate_cell(point: &PointAnalysis, row: &Row) -> Markup {
    let metric = if row.spread(Metric::ConnectionsPerSecond).is_some() {
        Metric::ConnectionsPerSecond
    } else {
        Metric::MessagesPerSecond
    };
    let Some(spread) = row.spread(metric) else { return html! { td { (absent()) (note(row)) } } };
    let best = leader(&models(point), |row| row.spread(metric), Better::Higher);
    let is_best = best.is_some_and(|best| best.row.subject.name == row.subject.name);
    let is_claimed = row.rate_ratio.as_ref().is_none_or(|ratio| ratio.claim.is_difference());
    html! {
        td.dim[!is_claimed || row.valid == 0] {
            (star(is_best)) (numbers::plain(metric, spread.center))
            @if let Some(ratio) = &row.rate_ratio {
                small { (numbers::times(ratio.spread.center)) " × floor" }
                (unclaimed(point, ratio))
            }
            (note(row))
        }
    }
}

fn star(is_best: bool) -> Markup {
    html! { @if is_best { span.best role="img" aria-label="best" { "★" } " " } }
}

fn interval(spread: &Spread, write: impl Fn(f64) -> String) -> String {
    spread
        .interval
        .map(|interval| format!("{} to {}", write(interval.low), write(interval.high)))
        .unwrap_or_default()
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
        Claim::Higher | Claim::Lower => None,
        Claim::NoDifference => Some("interval includes 1"),
        Claim::WithinNoise => Some("within the twins' noise"),
        Claim::OneOfMany => Some("one of many comparisons"),
        Claim::TooFewRounds if point.rows.iter().any(|row| row.invalid > 0) => Some("too few valid rounds"),
        Claim::TooFewRounds => Some("too few rounds"),
        Claim::NoTwin => Some("its floor has no twin"),
    }
}

/// The claims about the models' cost in one scenario, and which are not possible.
fn claims(scenario: &ScenarioAnalysis, point: &PointAnalysis) -> Markup {
    let of = |is_chosen: fn(Claim) -> bool| -> Vec<(&str, &Pair)> {
        let ratio = |row: &'_ Row| row.cost_ratio.as_ref().is_some_and(|ratio| is_chosen(ratio.claim));
        let rows = models(point).into_iter().filter(|row| ratio(row));
        rows.filter_map(|row| Some((row.subject.name.as_str(), row.cost_ratio.as_ref()?))).collect()
    };
    let listed = |claimed: Vec<(&str, &Pair)>| {
        let one = |(name, ratio): (&str, &Pair)| {
            format!("{name}, {} times {}", numbers::spread(&ratio.spread, numbers::times), ratio.right)
        };
        claimed.into_iter().map(one).collect::<Vec<String>>().join("; ")
    };
    let (higher, lower) = (of(|claim| claim == Claim::Higher), of(|claim| claim == Claim::Lower));
    let mut open: Vec<String> =
        [Claim::NoDifference, Claim::WithinNoise, Claim::OneOfMany, Claim::TooFewRounds, Claim::NoTwin]
            .into_iter()
            .filter_map(|claim| {
                let rows = models(point).into_iter();
                let rows =
                    rows.filter(|row| row.cost_ratio.as_ref().is_some_and(|ratio| ratio.claim == claim));
                let names: Vec<&str> = rows.map(|row| row.subject.name.as_str()).collect();
                (!names.is_empty())
                    .then(|| format!("{} ({})", names.join(", "), why_not(point, claim).unwrap_or_default()))
            })
            .collect();
    let without_valid = |row: &&Row| row.cost_ratio.is_none().then(|| row.without_valid()).flatten();
    let invalid: Vec<&Row> = models(point).into_iter().filter(|row| without_valid(row).is_some()).collect();
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
                    " in cost and " (numbers::percent_above(rate.noise)) " in rate; smaller differences are not claimed."
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
