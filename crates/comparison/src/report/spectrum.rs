//! The latencies of a scenario, percentile by percentile, over an axis of 1/(1-p): every further nine takes the same
//! length, so that the tail is as large as the middle.

use hdrhistogram::Histogram;

use super::figure::{Figure, Table, absent, nothing};
use super::findings::finding;
use super::flaws;
use super::subjects::Subjects;
use crate::analysis::{Metric, Row, ScenarioAnalysis};
use crate::numbers;
use charts::{Axis, Domain, Line, LinePoint, Lines, Spacing, Tick};
use text::units;

/// Percentiles with a number at the axis, as 1/(1-p).
const MARKED: [(f64, &str); 7] = [
    (1.0, "0 %"),
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
];
/// Places on a line between two powers of ten.
const PLACES: i32 = 8;
/// A percentile with fewer latencies beyond it is not drawn, because it would be mostly chance.
const BEYOND: f64 = 10.0;

/// A line for each subject that has latencies.
pub(super) fn spectrum(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let heading = "Latency, percentile by percentile";
    let Some(point) = scenario.points.first() else { return nothing(heading) };
    let rows: Vec<(&Row, &Histogram<u64>)> = point
        .rows
        .iter()
        .filter(|row| Subjects::has_line(&row.subject))
        .filter_map(|row| Some((row, row.latency_ns.as_ref().filter(|latency| !latency.is_empty())?)))
        .collect();
    let lines: Vec<Line> = rows
        .iter()
        .map(|(row, latency)| Line {
            label: row.subject.name.clone(),
            mark: subjects.mark(&row.subject),
            points: points(row, latency),
        })
        .collect();
    let y = Domain::by_quotients(lines.iter().flat_map(|line| &line.points).map(|point| point.y));
    if y.is_none() {
        return nothing(heading);
    }
    let end = lines.iter().flat_map(|line| &line.points).map(|point| point.x).fold(10.0, f64::max);
    let finding = finding(point, Metric::P99, "Lowest 99th percentile");
    let flaws = lines.iter().flat_map(|line| &line.points).filter_map(|point| point.flaw);
    let mut legend = flaws::legend(flaws, "mostly rounds");
    legend.extend(subjects.dashes());
    let chart = Lines {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        x: Axis {
            label: "percentile of latency".to_owned(),
            domain: Domain::exactly(Spacing::Log, 1.0, end * 1.02),
            ticks: MARKED
                .iter()
                .filter(|(at, _)| *at <= end)
                .map(|&(at, label)| Tick { at, label: label.to_owned() })
                .collect(),
            format: units::short,
        },
        y: Axis { label: "latency".to_owned(), domain: y, ticks: Vec::new(), format: units::short_duration },
        lines,
        legend,
    };
    Figure {
        heading: heading.to_owned(),
        finding,
        caption: format!(
            "Latencies of all rounds together, drawn as far as {BEYOND} of them lie beyond. Both axes go by \
             quotients."
        ),
        chart: Some(Box::new(chart)),
        table: table(&rows),
    }
}

fn points(row: &Row, latency: &Histogram<u64>) -> Vec<LinePoint> {
    let (name, flaw) = (&row.subject.name, flaws::mostly(row));
    let mut places: Vec<f64> =
        (0..=5 * PLACES).map(|place| 10.0_f64.powf(f64::from(place) / f64::from(PLACES))).collect();
    places.extend(MARKED.map(|(at, _)| at));
    places.sort_by(f64::total_cmp);
    places.dedup_by(|one, other| (*one / *other - 1.0).abs() < 1e-6);
    let most = furthest(latency);
    let point = |place: f64| {
        let y = at(latency, place);
        let marked = MARKED.iter().find(|(marked, _)| (marked / place - 1.0).abs() < 1e-6);
        let about = marked.filter(|(at, _)| *at > 1.0);
        LinePoint {
            x: place,
            y,
            interval: None,
            flaw,
            about: about.map(|(_, percent)| {
                format!("{name}: {percent} within {}", numbers::with_unit(Metric::P99, y))
            }),
        }
    };
    places.into_iter().filter(|place| *place <= most).map(point).collect()
}

/// The last percentile that is drawn, as 1/(1-p).
#[expect(clippy::cast_precision_loss, reason = "messages of one run are far below 2^53")]
fn furthest(latency: &Histogram<u64>) -> f64 {
    (latency.len() as f64 / BEYOND).max(2.0)
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
fn at(latency: &Histogram<u64>, place: f64) -> f64 {
    latency.value_at_quantile(1.0 - 1.0 / place) as f64
}

fn table(rows: &[(&Row, &Histogram<u64>)]) -> Table {
    let marked = || MARKED.iter().skip(1);
    let cells = rows.iter().map(|(row, latency)| {
        let most = furthest(latency);
        let values = marked().map(|&(place, _)| {
            if place <= most { numbers::with_unit(Metric::P99, at(latency, place)) } else { absent() }
        });
        let longest = numbers::with_unit(Metric::Max, at(latency, f64::INFINITY));
        [row.subject.name.clone()]
            .into_iter()
            .chain(values)
            .chain([longest, latency.len().to_string()])
            .collect()
    });
    let head = marked().map(|(_, percent)| (*percent).to_owned());
    Table {
        head: [String::new()]
            .into_iter()
            .chain(head)
            .chain(["longest".to_owned(), "latencies".to_owned()])
            .collect(),
        rows: cells.collect(),
    }
}
