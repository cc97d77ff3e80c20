//! All figures of a run in Markdown tables, for a file beside its raw records.

use super::quoted::{date, ratio};
use crate::analysis::{Analysis, Metric, PointAnalysis};
use crate::scenario::Point;
use text::markdown::{NOTHING, header, line};
use text::units::{bytes, count, duration};

/// The file of these tables in the folder of a run.
pub(crate) const FILE: &str = "tables.md";

/// One table for each point of each scenario.
pub(crate) fn all_tables(analysis: &Analysis) -> String {
    let run = &analysis.run;
    let mut text = format!(
        "# {}: {}\n\n{}. Made by `{}`. What the columns mean is in \
         [METHODOLOGY.md](../../METHODOLOGY.md). Medians over rounds; of ratios the trimmed geometric mean, in brackets its 95 % confidence interval; \
         bold where a difference from the floor is claimed.\n",
        date(analysis),
        run.machine,
        run.layout,
        run.command
    );
    for scenario in &analysis.scenarios {
        text.push_str(&format!("\n## {}\n\n{}\n", scenario.scenario.question, scenario.scenario.title));
        for point in &scenario.points {
            if point.point != Point::Only {
                text.push_str(&format!("\n**{}**\n", point.point));
            }
            text.push_str(&format!("\n{}", table(point)));
        }
    }
    text
}

/// All metrics that any subject has at this point.
fn table(point: &PointAnalysis) -> String {
    let metrics: Vec<Metric> = Metric::ALL
        .iter()
        .copied()
        .filter(|&metric| point.rows.iter().any(|row| row.spread(metric).is_some()))
        .collect();
    let titles = [
        "model".to_owned(),
        "times floor: cost".to_owned(),
        "times floor: rate".to_owned(),
        "verdict".to_owned(),
    ]
    .into_iter()
    .chain(metrics.iter().map(|metric| metric.title().to_owned()));
    let mut text = header(titles);
    for row in &point.rows {
        let or_nothing = |cell: Option<String>| cell.unwrap_or_else(|| NOTHING.to_owned());
        let fixed = [
            row.subject.name.clone(),
            or_nothing(row.cost_ratio.as_ref().map(ratio)),
            or_nothing(row.rate_ratio.as_ref().map(ratio)),
            or_nothing(row.verdicts.first().map(|(bound, _)| bound.to_string())),
        ];
        let figures =
            metrics.iter().map(|&metric| or_nothing(row.median(metric).map(|value| figure(metric, value))));
        text.push_str(&line(fixed.into_iter().chain(figures)));
    }
    for row in &point.rows {
        for failure in &row.failures {
            text.push_str(&format!("\n{}: {failure}\n", row.subject.name));
        }
    }
    text
}

/// A value in the unit that suits it.
fn figure(metric: Metric, value: f64) -> String {
    match metric.unit() {
        "ns" | "ns/message" => duration(value),
        "bytes" | "bytes/connection" => bytes(value),
        "switches/message" => format!("{value:.3}"),
        "MB/s" => format!("{value:.1} MB/s"),
        _ => count(value),
    }
}
