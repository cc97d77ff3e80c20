//! Models against each other, below the table of a scenario.

use super::grid::{self, Cell, Line, wrap};
use super::remarks::limited;
use super::style::{DIM, NOT_MEASURED, PLAIN};
use crate::analysis::{Claim, Metric, Pair, PointAnalysis, Row, ScenarioAnalysis};
use crate::subject::Role;
use text::units::three_digits;

/// Two models in a sentence, more of them in a matrix.
pub(super) fn draw(analysis: &ScenarioAnalysis, width: usize) -> String {
    analysis.points.iter().map(|point| at_point(point, width)).collect()
}

fn at_point(point: &PointAnalysis, width: usize) -> String {
    let cost =
        |left: &Row, right: &Row| point.pair(&left.subject.name, &right.subject.name, Metric::CpuPerMessage);
    let mut models: Vec<&Row> = point.rows.iter().filter(|row| row.subject.role == Role::Model).collect();
    // The cheapest first, so that the ratios are above 1.
    let by_cost = |row: &&Row| row.median(Metric::CpuPerMessage).unwrap_or(f64::MAX);
    models.sort_by(|one, other| by_cost(one).total_cmp(&by_cost(other)));
    if let [cheaper, dearer] = models.as_slice() {
        let text = cost(dearer, cheaper).map_or_else(
            || {
                let names = format!("{} and {}", dearer.subject.name, cheaper.subject.name);
                format!(
                    "  {names} are not compared: in no round did both have a valid window with the same work"
                )
            },
            |cost| sentence(point, &cost),
        );
        return wrap(&text, "  ", width);
    }
    let has_interval =
        |one: &Row, other: &Row| cost(one, other).is_some_and(|pair| pair.spread.interval.is_some());
    let compared = models.iter().filter(|one| models.iter().any(|other| has_interval(one, other)));
    let compared: Vec<&Row> = compared.copied().collect();
    if compared.is_empty() { String::new() } else { matrix(&compared, cost, width) }
}

/// Such as `tokio costs 1.29 times mio (1.27 to 1.31), claimed; it has 0.78 times the rate (0.77 to 0.80), claimed`.
fn sentence(point: &PointAnalysis, cost: &Pair) -> String {
    let shown = |pair: &Pair| {
        let interval = pair.spread.interval.map_or(String::new(), |interval| {
            format!(" ({} to {})", three_digits(interval.low), three_digits(interval.high))
        });
        let claim = match pair.claim {
            Claim::Higher | Claim::Lower => "claimed",
            Claim::TooFewRounds => "too few rounds for a claim",
            _ => "no difference is claimed",
        };
        (three_digits(pair.spread.center), format!("{interval}, {claim}"))
    };
    let (times, rest) = shown(cost);
    let rate = point.pair(&cost.left, &cost.right, point.rate()).map_or(String::new(), |rate| {
        let (times, rest) = shown(&rate);
        format!("; it has {times} times the rate{rest}{}", limited(point, &rate))
    });
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
