//! The matrix of a scenario with a curve: subjects by points, and in each cell the figure that answers the
//! question.

use loadgen::Load;

use super::block::{below, is_beside_models};
use super::grid::{self, Cell, Line};
use super::order::{label, ordered};
use super::style::{BEST, DIM, FAILED, NOT_MEASURED, PLAIN};
use crate::analysis::{Metric, PointAnalysis, Row, ScenarioAnalysis};
use crate::scenario::{Point, divisions};
use text::units::{bytes, count, duration, three_digits};

/// Draws one matrix, or several where one figure is not enough.
pub(super) fn draw(analysis: &ScenarioAnalysis, width: usize) -> String {
    let is_open = analysis.scenario.load.as_ref().is_some_and(|load| matches!(load.load, Load::Open { .. }));
    if !analysis.scenario.service.is_echo() {
        of_work(analysis, width)
    } else if is_open {
        matrix(analysis, width, "p99 from due\nto answered", Metric::P99, duration)
    } else {
        let microseconds = |nanoseconds: f64| three_digits(nanoseconds / 1e3);
        let thousands = |rate: f64| three_digits(rate / 1e3);
        matrix(analysis, width, "CPU µs/msg", Metric::CpuPerMessage, microseconds)
            + &matrix(analysis, width, "1,000 msg/s", Metric::MessagesPerSecond, thousands)
    }
}

/// With work behind each message, several figures answer the question.
fn of_work(analysis: &ScenarioAnalysis, width: usize) -> String {
    let matrix = |corner, metric, show: fn(f64) -> String| matrix(analysis, width, corner, metric, show);
    let switches = |count: f64| three_digits(count);
    match analysis.points.first().map(|point| point.point) {
        Some(Point::Big(_)) => {
            matrix("p99 of small", Metric::P99, duration) + &matrix("p50 of small", Metric::P50, duration)
        }
        Some(Point::Number(_)) => {
            matrix("requests/s", Metric::MessagesPerSecond, count) + &matrix("p50", Metric::P50, duration)
        }
        _ => {
            matrix("p99 from due\nto answered", Metric::P99, duration)
                + &matrix("requests/s", Metric::MessagesPerSecond, count)
                + &matrix("peak memory", Metric::PeakMemory, bytes)
                + &matrix("switches/request", Metric::SwitchesPerMessage, switches)
                + &if analysis.scenario.cache.is_some() {
                    matrix("connections\nto the cache", Metric::CacheConnections, count)
                } else {
                    String::new()
                }
        }
    }
}

fn matrix(
    analysis: &ScenarioAnalysis,
    width: usize,
    corner: &str,
    metric: Metric,
    show: impl Fn(f64) -> String,
) -> String {
    let points = &analysis.points;
    let header = std::iter::once(corner.to_owned()).chain(points.iter().map(|point| title(point.point)));
    let header: Vec<String> = header.collect();
    let best = |point: &PointAnalysis| Some(point.best(metric)?.subject.name.clone());
    let best: Vec<Option<String>> = points.iter().map(best).collect();
    // Every subject with a record at any point has a line.
    let mut subjects: Vec<&Row> = Vec::new();
    for row in points.iter().flat_map(|point| ordered(&point.rows)) {
        if !subjects.iter().any(|known| known.subject.name == row.subject.name) {
            subjects.push(row);
        }
    }
    let mut is_above = true;
    let lines = subjects.iter().map(|&subject| {
        let cells = points.iter().zip(&best).map(|(point, best)| {
            let row = point.row(&subject.subject.name);
            row.map_or(Cell::plain(NOT_MEASURED), |row| cell(row, metric, best.as_deref(), &show))
        });
        Line {
            cells: std::iter::once(Cell::plain(label(subject, &subjects))).chain(cells).collect(),
            style: is_beside_models(&subject.subject).then_some(DIM),
            rule: below(subject, &mut is_above),
        }
    });
    let lines: Vec<Line> = lines.collect();
    grid::draw(&header, &lines, 1, width)
}

/// A figure and its marks: `°` starved clients, `!` mostly invalid, `†` mostly at the load generator's limit.
fn cell(row: &Row, metric: Metric, best: Option<&str>, show: impl Fn(f64) -> String) -> Cell {
    let Some(value) = row.median(metric) else {
        return Cell { text: "failed".to_owned(), style: FAILED };
    };
    let is_starving = row.median(Metric::Starved).is_some_and(|starved| starved > 0.0);
    let is_invalid = 2 * row.invalid > row.trials;
    let is_best = best == Some(row.subject.name.as_str());
    let style = match (row.failures.is_empty(), is_best) {
        (false, _) => FAILED,
        _ if is_invalid || is_starving => DIM,
        (true, true) => BEST,
        (true, false) => PLAIN,
    };
    let marks = [(is_starving, '°'), (is_invalid, '!'), (row.is_client_bound(), '†')];
    let marks: String = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark).collect();
    Cell { text: format!("{}{marks:<1}", show(value)), style }
}

#[expect(clippy::cast_precision_loss, reason = "whole numbers that users typed")]
fn title(point: Point) -> String {
    match point {
        Point::Only => String::new(),
        Point::Connections(1) => "1\nclient ".to_owned(),
        Point::Connections(clients) => format!("{}\nclients ", count(clients as f64)),
        Point::Idle(clients) => format!("{}\nidle ", count(clients as f64)),
        Point::Big(big) => format!("{big}\nbig "),
        Point::Number(number) => format!("{}\ndivis. ", count(divisions(number) as f64)),
        Point::Rate(rate) => format!("{}\nmsg/s ", count(rate as f64)),
        Point::PercentOfPeak(percent) => format!("{percent} %\nof peak "),
    }
}
