//! Which figures answer a scenario's question: chosen by its kind, not by its name, so that scenarios from a file
//! also have charts.

use loadgen::Load;

use super::dots::{amount, amount_at, cost, least_cpu, rate};
use super::figure::{Figure, Table, absent};
use super::subjects::{Subjects, point_in_words};
use super::{curves, spectrum, work};
use crate::analysis::{Metric, PointAnalysis, Row, ScenarioAnalysis};
use crate::answers::variants;
use crate::numbers;
use crate::scenario::Point;

/// The figures of a scenario.
#[derive(Default)]
pub(super) struct Figures {
    /// Those that answer its question.
    pub(super) main: Vec<Figure>,
    /// All others.
    pub(super) further: Vec<Figure>,
}

/// All figures of a scenario.
pub(super) fn figures(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figures {
    let load = scenario.scenario.load.as_ref();
    let amount = |metric, heading, lead| amount(scenario, subjects, metric, heading, lead);
    let curve = |metric, heading, lead| curves::curve(scenario, subjects, metric, heading, lead);
    match scenario.points.first().map(|point| point.point) {
        Some(_) if !scenario.scenario.service.is_echo() => work::figures(scenario, subjects),
        // Of echo, nothing is big and there is no number.
        None | Some(Point::Big(_) | Point::Number(_)) => Figures::default(),
        Some(Point::Only) if scenario.scenario.script.is_some() => {
            let time = amount(Metric::ScriptTime, "Time until all clients were served", "Over first");
            Figures { main: vec![time], further: Vec::new() }
        }
        Some(Point::Only) if load.is_some_and(|load| load.idle > 0) => Figures {
            main: vec![amount(
                Metric::MemoryPerConnection,
                "Memory per connection",
                "Least memory per connection",
            )],
            further: vec![
                amount(Metric::PeakMemory, "Peak memory", "Least memory at its peak"),
                rate(scenario, subjects),
                cost(scenario, subjects),
            ],
        },
        Some(Point::Only) if !scenario.scenario.variants.is_empty() => Figures {
            main: vec![with_options(scenario, subjects)],
            further: vec![least_cpu(scenario, subjects), rate(scenario, subjects)],
        },
        Some(Point::Only) => Figures {
            main: vec![least_cpu(scenario, subjects), cost(scenario, subjects)],
            further: vec![rate(scenario, subjects), spectrum::spectrum(scenario, subjects)],
        },
        Some(Point::Connections(_)) => {
            let most = sorted_at(scenario, subjects, scenario.points.last(), Metric::CpuPerMessage);
            let cost = curve(Metric::CpuPerMessage, "Cost of a message, by connections", "Least CPU time");
            let rate = curve(
                Metric::MessagesPerSecond,
                "Messages a second, by connections",
                "Most messages a second",
            );
            Figures { main: most.into_iter().chain([cost]).collect(), further: vec![rate] }
        }
        Some(Point::Idle(_)) => {
            let cost = curve(Metric::CpuPerMessage, "Cost of a message, by idle clients", "Least CPU time");
            let most = sorted_at(scenario, subjects, scenario.points.last(), Metric::CpuPerMessage);
            let rate = curve(
                Metric::MessagesPerSecond,
                "Messages a second, by idle clients",
                "Most messages a second",
            );
            Figures { main: vec![cost], further: most.into_iter().chain([rate]).collect() }
        }
        Some(Point::Rate(_)) => {
            let middle = scenario.points.get(scenario.points.len() / 2);
            let middle = sorted_at(scenario, subjects, middle, Metric::P99);
            let heading = "99th percentile of the response time, by offered load";
            let by_load = curve(Metric::P99, heading, "Lowest");
            Figures { main: middle.into_iter().chain([by_load]).collect(), further: Vec::new() }
        }
        Some(Point::PercentOfPeak(_)) => {
            let heading = "99th percentile of the response time, by share of the model's own peak";
            Figures { main: vec![curve(Metric::P99, heading, "Lowest")], further: Vec::new() }
        }
    }
}

/// How long a message takes with each model's options.
fn with_options(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let figure = amount(scenario, subjects, Metric::P50, "Median round trip", "Shortest");
    let explanation = scenario.scenario.explanation.clone().unwrap_or_default();
    let marks =
        "Each mark is a round, the first one on top. Below each figure: its multiples of others, by medians.";
    Figure {
        finding: variants::sentences(scenario).join(" "),
        caption: format!("{explanation} {marks}").trim_start().to_owned(),
        ..figure
    }
}

/// One point of a curve, sorted.
fn sorted_at(
    scenario: &ScenarioAnalysis,
    subjects: &Subjects,
    point: Option<&PointAnalysis>,
    metric: Metric,
) -> Option<Figure> {
    let point = point?;
    let what =
        if metric == Metric::P99 { "99th percentile of the response time" } else { "CPU time per message" };
    let heading = format!("{what}, at {}", point_in_words(point.point));
    let lead = if metric == Metric::P99 { "Lowest" } else { "Least CPU time" };
    Some(amount_at(scenario, point, subjects, (metric, &heading, lead)))
}

/// Whether a scenario is a closed loop without a curve in which models compete: the ones in separate files.
pub(super) fn is_closed_loop(scenario: &ScenarioAnalysis) -> bool {
    let load = scenario.scenario.load.as_ref();
    let is_contest = scenario.scenario.vary.is_none() && scenario.scenario.variants.is_empty();
    is_contest && load.is_some_and(|load| load.load == Load::Closed && load.idle == 0)
}

/// The number of its rounds, in words.
pub(super) fn rounds(scenario: &ScenarioAnalysis) -> String {
    let trials = scenario.points.iter().flat_map(|point| &point.rows).map(|row| row.trials);
    match trials.max().unwrap_or(0) {
        1 => "1 round.".to_owned(),
        count => format!("{count} rounds."),
    }
}

/// All metrics of a scenario, at all points.
pub(super) fn everything(scenario: &ScenarioAnalysis) -> Table {
    let metrics: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|metric| {
            scenario.points.iter().flat_map(|point| &point.rows).any(|row| row.spread(*metric).is_some())
        })
        .collect();
    let row = |point: &PointAnalysis, row: &Row| {
        let name = match point.point {
            Point::Only => row.subject.name.clone(),
            other => format!("{}, {}", row.subject.name, point_in_words(other)),
        };
        let cells = metrics.iter().map(|metric| {
            row.median(*metric).map_or_else(absent, |value| numbers::with_unit(*metric, value))
        });
        [name].into_iter().chain(cells).collect()
    };
    let rows = scenario.points.iter().flat_map(|point| point.rows.iter().map(move |of| (point, of)));
    let titles = metrics.iter().map(|metric| metric.title().to_owned());
    Table {
        head: [String::new()].into_iter().chain(titles).collect(),
        rows: rows.map(|(point, of)| row(point, of)).collect(),
    }
}
