//! The series' two criteria side by side: how easy a model is to write, from the score card, and how far it scales, from the run.

use ease::{Card, columns, tables};
use maud::{Markup, html};

use super::figure::{Figure, Table};
use super::subjects::Subjects;
use super::{details, show};
use crate::analysis::{Analysis, Metric, PointAnalysis, Row};
use crate::numbers;
use crate::subject::Role;
use charts::{Axis, Domain, NamedDot, Scatter, Spacing};

/// A figure that is set against ease: of a scenario, at its point with the highest load.
struct Cost {
    scenario: &'static str,
    metric: Metric,
    heading: &'static str,
    axis: &'static str,
}

/// One for each service.
const COSTS: [Cost; 2] = [
    Cost {
        scenario: "ping-pong",
        metric: Metric::CpuPerMessage,
        heading: "Echo: CPU time per message against complexity",
        axis: "CPU time per message (ping-pong)",
    },
    Cost {
        scenario: "waiting",
        metric: Metric::P99,
        heading: "Primes: 99th percentile against complexity",
        axis: "99 % answered within (waiting, most clients)",
    },
];

/// The rows of the card whose models are in the run.
pub(super) fn of_run(card: &Card, analysis: &Analysis) -> Card {
    card.only(|row| analysis.run.subjects.iter().any(|subject| subject.name == row.name))
}

/// The section: both pictures, the card, and what its columns mean.
pub(super) fn section(analysis: &Analysis, card: &Card, subjects: &Subjects) -> Markup {
    let meanings = Table {
        head: ["column", "what is counted", "what it does not say"].map(str::to_owned).to_vec(),
        rows: columns::ALONE
            .iter()
            .chain(columns::WHOLE)
            .chain(columns::PROGRAM)
            .map(|column| {
                [column.head, column.meaning, column.weakness].map(|text| text.replace('`', "")).to_vec()
            })
            .collect(),
    };
    html! {
        section aria-labelledby="ease" {
            h2 #ease { "Is it easy to write?" }
            p.note { "What was counted in the code, once, and does not come from this run. There is no total: nobody knows how many lines an unsafe block is worth." }
            @for figure in figures(analysis, card, subjects) { (show(&figure)) }
            @for table in tables::plain(card) { (details(table.heading, &Table { head: table.heads, rows: table.rows })) }
            (details("What the columns mean, and what they do not say", &meanings))
        }
    }
}

/// A picture for each service that the run has figures of.
pub(super) fn figures(analysis: &Analysis, card: &Card, subjects: &Subjects) -> Vec<Figure> {
    COSTS.iter().filter_map(|cost| figure(analysis, card, subjects, cost)).collect()
}

fn figure(analysis: &Analysis, card: &Card, subjects: &Subjects, cost: &Cost) -> Option<Figure> {
    let point = analysis.scenario(cost.scenario)?.points.last()?;
    let rows = rows(point, card, cost.metric);
    if rows.is_empty() {
        return None;
    }
    let (divisor, format) = numbers::at_axis(cost.metric);
    let dot = |&(row, complexity, value): &(&Row, f64, f64)| {
        let interval = row.spread(cost.metric).and_then(|spread| spread.interval);
        NamedDot {
            label: row.subject.name.clone(),
            mark: subjects.mark(&row.subject),
            x: complexity,
            y: value / divisor,
            interval: interval.map(|interval| (interval.low / divisor, interval.high / divisor)),
            about: format!(
                "{}: complexity {complexity:.0}, {}",
                row.subject.name,
                numbers::with_unit(cost.metric, value)
            ),
        }
    };
    let dots: Vec<NamedDot> = rows.iter().map(dot).collect();
    let heights = dots.iter().flat_map(|dot| {
        let (low, high) = dot.interval.unwrap_or((dot.y, dot.y));
        [low, dot.y, high]
    });
    let finding = finding(&rows);
    let chart = Scatter {
        title: cost.heading.to_owned(),
        finding: finding.clone(),
        x: Axis {
            label: "cognitive complexity of the model's own code".to_owned(),
            domain: Domain::from_zero(dots.iter().map(|dot| dot.x)),
            ticks: Vec::new(),
            format: |value| format!("{value:.0}"),
        },
        y: Axis { label: cost.axis.to_owned(), domain: with_room(heights), ticks: Vec::new(), format },
        dots,
    };
    let table = Table {
        head: ["model", "cognitive complexity", cost.metric.title()].map(str::to_owned).to_vec(),
        rows: rows
            .iter()
            .map(|(row, complexity, value)| {
                vec![
                    row.subject.name.clone(),
                    format!("{complexity:.0}"),
                    numbers::with_unit(cost.metric, *value),
                ]
            })
            .collect(),
    };
    Some(Figure {
        heading: cost.heading.to_owned(),
        finding,
        caption: "Left is easier, and down is cheaper. The line through a dot is the 95 % interval. Equal quotients \
                  are equal heights. Models leave more or less of their loop to crates of ours: the tables below have \
                  the complexity with these, too."
            .to_owned(),
        chart: Some(Box::new(chart)),
        table,
    })
}

/// An axis around these values, with room for names above and below.
fn with_room(values: impl Iterator<Item = f64>) -> Option<Domain> {
    let extent = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = values.filter(|value| *value > 0.0).fold((f64::INFINITY, 0.0), extent);
    let room = (high / low).powf(0.15).max(1.05);
    Domain::exactly(Spacing::Log, low / room, high * room)
}

/// The models with a valid figure and a row on the card: complexity and figure of each.
fn rows<'run>(point: &'run PointAnalysis, card: &Card, metric: Metric) -> Vec<(&'run Row, f64, f64)> {
    let models = point.rows.iter().filter(|row| row.subject.role == Role::Model && row.valid > 0);
    let found = models.filter_map(|row| {
        #[expect(clippy::cast_precision_loss, reason = "complexities are small")]
        let complexity = card.row(&row.subject.name)?.alone.complexity as f64;
        Some((row, complexity, row.median(metric)?))
    });
    found.collect()
}

/// Which models are best in one of both, if the other is not to be worse.
fn finding(rows: &[(&Row, f64, f64)]) -> String {
    let is_beaten = |&(_, complexity, value): &(&Row, f64, f64)| {
        rows.iter().any(|&(_, other_complexity, other_value)| {
            other_complexity <= complexity
                && other_value <= value
                && (other_complexity < complexity || other_value < value)
        })
    };
    let mut best: Vec<&(&Row, f64, f64)> = rows.iter().filter(|row| !is_beaten(row)).collect();
    best.sort_by(|one, other| one.1.total_cmp(&other.1));
    let names: Vec<&str> = best.iter().map(|(row, ..)| row.subject.name.as_str()).collect();
    format!("By medians, no model beats these in one without losing in the other: {}.", names.join(", "))
}
