//! Models against each other, below the table of a scenario.

use super::grid::{self, Cell, Line, wrap};
use super::remarks::limited;
use super::style::{DIM, NOT_MEASURED, PLAIN};
use crate::analysis::{Metric, Pair, PointAnalysis, Row, ScenarioAnalysis};
use crate::subject::Role;
use text::units::three_digits;

/// Two models in a sentence, more of them in a matrix: nothing where no two models were compared.
pub(super) fn draw(analysis: &ScenarioAnalysis, width: usize) -> String {
    analysis.points.iter().map(|point| at_point(point, width)).collect()
}

fn at_point(point: &PointAnalysis, width: usize) -> String {
    let cost = |left: &Row, right: &Row| {
        let pair = point.pair(&left.subject.name, &right.subject.name, Metric::CpuPerMessage);
        pair.filter(|pair| pair.spread.interval.is_some())
    };
    let models = || point.rows.iter().filter(|row| row.subject.role == Role::Model);
    let is_compared = |one: &&Row| models().any(|other| cost(one, other).is_some());
    let mut compared: Vec<&Row> = models().filter(is_compared).collect();
    // The cheapest first, so that the ratios are above 1.
    let by_cost = |row: &&Row| row.median(Metric::CpuPerMessage).unwrap_or(f64::MAX);
    compared.sort_by(|one, other| by_cost(one).total_cmp(&by_cost(other)));
    match compared.as_slice() {
        [] | [_] => String::new(),
        [cheaper, dearer] => cost(dearer, cheaper).map_or(String::new(), |cost| {
            let rate = point.pair(&cost.left, &cost.right, point.rate());
            let mark = rate.as_ref().map_or("", |rate| limited(point, rate));
            wrap(&(sentence(&cost, rate.as_ref()) + mark), "  ", width)
        }),
        models => matrix(models, cost, width),
    }
}

/// Such as `tokio costs 1.29 times mio (1.27 to 1.31), claimed; it has 0.78 times the rate (0.77 to 0.80), claimed`.
fn sentence(cost: &Pair, rate: Option<&Pair>) -> String {
    let shown = |pair: &Pair| {
        let interval = pair.spread.interval.map_or(String::new(), |interval| {
            format!(" ({} to {})", three_digits(interval.low), three_digits(interval.high))
        });
        let claim = if pair.claim.is_difference() { "claimed" } else { "no difference is claimed" };
        (three_digits(pair.spread.center), format!("{interval}, {claim}"))
    };
    let (times, rest) = shown(cost);
    let rate = rate
        .map(shown)
        .map_or(String::new(), |(times, rest)| format!("; it has {times} times the rate{rest}"));
    format!("  {} costs {times} times {}{rest}{rate}", cost.left, cost.right)
}

/// Each model as times every cheaper one.
fn matrix(models: &[&Row], cost: impl Fn(&Row, &Row) -> Option<Pair>, width: usize) -> String {
    let cheaper = &models[..models.len() - 1];
    // Names are broken to keep the columns narrow.
    let names = cheaper.iter().map(|row| row.subject.name.replace('-', "-\n") + " ");
    let header: Vec<String> = std::iter::once("CPU as times".to_owned()).chain(names).collect();
    let lines = models.iter().enumerate().skip(1).map(|(place, row)| {
        let cells = cheaper.iter().enumerate().map(|(column, other)| match cost(row, other) {
            _ if column >= place => Cell::plain(""),
            None => Cell { text: format!("{NOT_MEASURED} "), style: DIM },
            Some(pair) => {
                let times = three_digits(pair.spread.center);
                let is_claimed = pair.claim.is_difference();
                let (mark, style) = if is_claimed { (' ', PLAIN) } else { ('?', DIM) };
                Cell { text: format!("{times}{mark}"), style }
            }
        });
        let name = Cell::plain(row.subject.name.clone());
        Line { cells: std::iter::once(name).chain(cells).collect(), style: None, rule: false }
    });
    let lines: Vec<Line> = lines.collect();
    format!("\n{}", grid::draw(&header, &lines, 1, width))
}
