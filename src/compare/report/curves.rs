//! A metric over what a scenario varies: connections, the offered rate, or the share of a model's own peak.

use super::super::analysis::{Metric, PointAnalysis, Row, ScenarioAnalysis};
use super::super::scenario::Point;
use super::super::units;
use super::figures::{Figure, Table, absent, nothing};
use super::findings::leader;
use super::numbers;
use super::subjects::{Subjects, models, notes, point_in_words};
use crate::charts::{Axis, Domain, Line, LinePoint, Lines, Spacing, Tick};

/// A line for each subject, a point for each point of the scenario.
pub(super) fn curve(
    scenario: &ScenarioAnalysis,
    subjects: &Subjects,
    metric: Metric,
    heading: &str,
    lead: &str,
) -> Figure {
    let lines: Vec<Line> = names(scenario)
        .into_iter()
        .filter_map(|name| {
            let rows: Vec<(&PointAnalysis, &Row)> =
                scenario.points.iter().filter_map(|point| Some((point, point.row(name)?))).collect();
            let (_, row) = rows.first()?;
            let points = rows.iter().filter_map(|(at, row)| point(at, row, metric));
            Some(Line { label: name.to_owned(), mark: subjects.mark(&row.subject), points: points.collect() })
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    let values = lines.iter().flat_map(|line| &line.points).flat_map(|point| {
        [point.y].into_iter().chain(point.interval.into_iter().flat_map(|(low, high)| [low, high]))
    });
    let is_rate = metric == Metric::MessagesPerSecond;
    let y = if is_rate { Domain::from_zero(values) } else { Domain::by_quotients(values) };
    if y.is_none() {
        return nothing(heading);
    }
    let (_, format) = numbers::at_axis(metric);
    let finding = finding(scenario, metric, lead);
    let chart = Lines {
        title: format!("{heading}: {}", scenario.scenario.title),
        finding: finding.clone(),
        x: x_axis(scenario),
        y: Axis { label: metric.title().to_owned(), domain: y, ticks: Vec::new(), format },
        lines,
    };
    Figure {
        heading: heading.to_owned(),
        finding,
        caption: caption(scenario),
        chart: Some(Box::new(chart)),
        table: table(scenario, metric),
    }
}

fn point(at: &PointAnalysis, row: &Row, metric: Metric) -> Option<LinePoint> {
    let spread = row.spread(metric)?;
    let figure = numbers::spread(spread, |value| numbers::with_unit(metric, value));
    Some(LinePoint {
        x: place(at.point),
        y: spread.median,
        interval: spread.interval.map(|interval| (interval.low, interval.high)),
        about: Some(format!("{}, {}: {figure}", row.subject.name, point_in_words(at.point))),
    })
}

/// Who has a line, in the run's order.
fn names(scenario: &ScenarioAnalysis) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in scenario.points.iter().flat_map(|point| &point.rows) {
        if Subjects::has_line(&row.subject) && !names.contains(&row.subject.name.as_str()) {
            names.push(&row.subject.name);
        }
    }
    names
}

#[expect(clippy::cast_precision_loss, reason = "connections and rates are far below 2^53")]
fn place(point: Point) -> f64 {
    match point {
        Point::Only => 1.0,
        Point::Connections(value) | Point::Rate(value) | Point::PercentOfPeak(value) => value as f64,
    }
}

fn x_axis(scenario: &ScenarioAnalysis) -> Axis {
    let points: Vec<Point> = scenario.points.iter().map(|point| point.point).collect();
    let places = points.iter().map(|point| place(*point));
    let is_share = matches!(points.first(), Some(Point::PercentOfPeak(_)));
    let ends = places.clone().fold(None, |ends: Option<(f64, f64)>, place| {
        Some(ends.map_or((place, place), |(low, high)| (low.min(place), high.max(place))))
    });
    let domain = if is_share {
        ends.and_then(|(low, high)| Domain::exactly(Spacing::Linear, low - 3.0, high + 3.0))
    } else {
        Domain::by_quotients(places.clone())
    };
    let suffix = if is_share { " %" } else { "" };
    Axis {
        label: match points.first() {
            Some(Point::Connections(_)) => "connections",
            Some(Point::PercentOfPeak(_)) => "share of its own peak that is offered",
            _ => "messages offered a second",
        }
        .to_owned(),
        domain,
        ticks: places.map(|at| Tick { at, label: units::count(at) + suffix }).collect(),
        format: numbers::short,
    }
}

/// Who is best at the last point, and how its figure grew until there.
fn finding(scenario: &ScenarioAnalysis, metric: Metric, lead: &str) -> String {
    let of = |row: &'_ Row| row.median(metric);
    let last =
        scenario.points.iter().rev().find(|point| models(point).into_iter().any(|row| of(row).is_some()));
    let Some(last) = last else { return "No model was measured.".to_owned() };
    let Some(leader) = leader(&models(last), |row| row.spread(metric), metric.better()) else {
        return "No model was measured.".to_owned();
    };
    let mut text = leader.sentence(
        &format!("At {}, {lead}", point_in_words(last.point)),
        |value| numbers::with_unit(metric, value),
        "",
    );
    let first = scenario.points.iter().find_map(|point| {
        let row = point.row(&leader.row.subject.name)?;
        Some((point.point, of(row).filter(|value| *value > 0.0)?))
    });
    if let Some((point, value)) = first.filter(|(point, _)| *point != last.point) {
        let growth = numbers::times(leader.spread.median / value);
        text += &format!(" That is {growth} times its figure at {}.", point_in_words(point));
    }
    text
}

/// Where figures are not what they seem.
fn caption(scenario: &ScenarioAnalysis) -> String {
    let notes = names(scenario).into_iter().filter_map(|name| {
        let of = scenario.points.iter().filter_map(|point| {
            let note = point.row(name).map(notes)?.into_iter().next()?;
            Some(format!("{note} at {}", point_in_words(point.point)))
        });
        let of: Vec<String> = of.collect();
        (!of.is_empty()).then(|| format!("{name} {}.", of.join(", ")))
    });
    let notes: Vec<String> = notes.collect();
    if notes.is_empty() { String::new() } else { format!("To know: {}", notes.join(" ")) }
}

fn table(scenario: &ScenarioAnalysis, metric: Metric) -> Table {
    let write = |value| numbers::with_unit(metric, value);
    let rows = names(scenario).into_iter().map(|name| {
        let cells = scenario.points.iter().map(|point| {
            let spread = point.row(name).and_then(|row| row.spread(metric));
            spread.map_or_else(absent, |spread| numbers::spread(spread, write))
        });
        [name.to_owned()].into_iter().chain(cells).collect()
    });
    let points = scenario.points.iter().map(|point| point_in_words(point.point));
    Table { head: [String::new()].into_iter().chain(points).collect(), rows: rows.collect() }
}
