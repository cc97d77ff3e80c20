//! A metric as a function of what a scenario varies: connections, idle clients, the offered rate, or the share of a model's own peak.

use loadgen::Bound;

use super::figure::{Figure, Table, absent, nothing};
use super::subjects::{Subjects, point_in_words};
use super::{findings, flaws};
use crate::analysis::{Metric, PointAnalysis, Row, ScenarioAnalysis};
use crate::answers::contest::{Contest, serves_all};
use crate::answers::growing;
use crate::numbers;
use crate::scenario::{Point, divisions};
use charts::{Axis, Domain, Key, Line, LinePoint, Lines, Mark, Spacing, Tick};
use text::units;

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
    let varies_in_size = scenario.points.iter().any(|at| matches!(at.point, Point::Number(_)));
    let y = if is_rate && !varies_in_size { Domain::from_zero(values) } else { Domain::by_quotients(values) };
    if y.is_none() {
        return nothing(heading);
    }
    let (_, format) = numbers::at_axis(metric);
    let finding = finding(scenario, metric, lead);
    let points = || lines.iter().flat_map(|line| &line.points);
    let mut legend = flaws::legend(points().filter_map(|point| point.flaw), "mostly rounds");
    if points().any(|point| point.interval.is_some()) {
        legend.insert(0, (Key::Interval, "median, and its 95 % interval (upright here)".to_owned()));
    }
    let has_floor = lines.iter().any(|line| matches!(line.mark, Mark::Floor(_)));
    legend.extend(subjects.dashes().filter(|_| has_floor));
    let chart = Lines {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        x: x_axis(scenario),
        y: Axis { label: metric.title().to_owned(), domain: y, ticks: Vec::new(), format },
        lines,
        legend,
    };
    Figure {
        heading: heading.to_owned(),
        finding,
        caption: caption(scenario, metric),
        chart: Some(Box::new(chart)),
        table: table(scenario, metric),
    }
}

fn point(at: &PointAnalysis, row: &Row, metric: Metric) -> Option<LinePoint> {
    let spread = row.spread(metric)?;
    let figure = numbers::spread(spread, |value| numbers::with_unit(metric, value));
    Some(LinePoint {
        x: place(at.point),
        y: spread.center,
        interval: spread.interval.map(|interval| (interval.low, interval.high)),
        flaw: flaws::mostly(row),
        about: Some(format!("{}, {}: {figure}", row.subject.name, point_in_words(at.point))),
    })
}

/// The subjects that have a line, in the run's order.
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
        Point::Number(number) => divisions(number) as f64,
        Point::Connections(value)
        | Point::Idle(value)
        | Point::Big(value)
        | Point::Rate(value)
        | Point::PercentOfPeak(value) => value as f64,
    }
}

fn x_axis(scenario: &ScenarioAnalysis) -> Axis {
    let points: Vec<Point> = scenario.points.iter().map(|point| point.point).collect();
    let places = points.iter().map(|point| place(*point));
    let is_share = matches!(points.first(), Some(Point::PercentOfPeak(_)));
    let is_big = matches!(points.first(), Some(Point::Big(_)));
    let ends = places.clone().fold(None, |ends: Option<(f64, f64)>, place| {
        Some(ends.map_or((place, place), |(low, high)| (low.min(place), high.max(place))))
    });
    let domain = if is_share {
        ends.and_then(|(low, high)| Domain::exactly(Spacing::Linear, low - 3.0, high + 3.0))
    } else if is_big {
        // Few, and none is one of them.
        ends.and_then(|(low, high)| Domain::exactly(Spacing::Linear, low - 0.5, high + 0.5))
    } else {
        Domain::by_quotients(places.clone())
    };
    let suffix = if is_share { " %" } else { "" };
    Axis {
        label: match points.first() {
            Some(Point::Connections(_)) => "connections",
            Some(Point::Idle(_)) => "idle clients",
            Some(Point::Big(_)) => "big requests in work",
            Some(Point::Number(_)) => "divisions for each request",
            Some(Point::PercentOfPeak(_)) => "offered share of its own peak",
            _ => "offered messages per second",
        }
        .to_owned(),
        domain,
        ticks: places.map(|at| Tick { at, label: units::count(at) + suffix }).collect(),
        format: units::short,
    }
}

/// The best subject at the last point with a valid window, and how its figure grew up to there.
fn finding(scenario: &ScenarioAnalysis, metric: Metric, lead: &str) -> String {
    let points = || scenario.points.iter().rev();
    let ranked = |point: &&PointAnalysis| !Contest::of(point, metric).ranked.is_empty();
    let Some(last) = points().find(ranked) else {
        return points().next().map(|point| findings::finding(point, metric, lead)).unwrap_or_default();
    };
    let place = |point: &PointAnalysis| point_in_words(point.point);
    let mut text = format!("At {}. ", place(last)) + &findings::finding(last, metric, lead);
    match growing::sentence(scenario) {
        Some(sentence) if metric == Metric::CpuPerMessage => text += &format!(" {sentence}"),
        _ => text.extend(growth(scenario, last, metric)),
    }
    for point in points().take_while(|point| point.point != last.point) {
        text += &format!(" At {}: {}", place(point), findings::finding(point, metric, lead));
    }
    text
}

/// How the figure of the best model grew from the first point to this one.
fn growth(scenario: &ScenarioAnalysis, last: &PointAnalysis, metric: Metric) -> Option<String> {
    let contest = Contest::of(last, metric);
    let best = contest.ranked.first()?;
    let name = &best.row.subject.name;
    let (point, value) = scenario.points.iter().find_map(|point| {
        let row = point.row(name).filter(|row| row.valid > 0)?;
        Some((point.point, row.median(metric).filter(|value| *value > 0.0)?))
    })?;
    let growth = numbers::times(best.spread.center / value);
    (point != last.point)
        .then(|| format!(" For {name} that is {growth} times its figure at {}.", point_in_words(point)))
}

/// A remark, and the rows that it applies to.
type Doubt = (&'static str, fn(&Row) -> bool);

/// What the marks mean, and which figures must be read with care.
fn caption(scenario: &ScenarioAnalysis, metric: Metric) -> String {
    let mut text = String::new();
    let mut spreads =
        scenario.points.iter().flat_map(|point| &point.rows).filter_map(|row| row.spread(metric));
    if spreads.any(|spread| spread.interval.is_some()) {
        text += "Marks are shifted slightly sideways, so that all are visible.";
    }
    let doubts: [Doubt; 4] = [
        ("With failures", |row| !row.failures.is_empty()),
        ("Serving only some of the clients", |row| !serves_all(row)),
        ("With invalid windows", |row| row.invalid > 0),
        ("Client-bound at times", |row| row.verdicts.iter().any(|(bound, _)| *bound == Bound::Client)),
    ];
    let mut has_doubts = false;
    for (doubt, is_in) in doubts {
        let rows = |name: &str| scenario.points.iter().filter_map(|point| point.row(name)).any(is_in);
        let names: Vec<&str> = names(scenario).into_iter().filter(|name| rows(name)).collect();
        if !names.is_empty() {
            text += &format!(" {doubt}: {}.", names.join(", "));
            has_doubts = true;
        }
    }
    if has_doubts {
        text += " The table of verdicts says where.";
    }
    text.trim_start().to_owned()
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
