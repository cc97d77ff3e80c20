//! The table of a scenario without a curve.

use super::column::{Column, columns};
use super::grid::{self, Cell, Line};
use super::order::{label, ordered};
use super::style::{BEST, DIM, FAILED};
use crate::analysis::{Better, Metric, Row, ScenarioAnalysis};
use crate::subject::Role;

/// Draws it: models, and below a rule the floors and their twins.
pub(super) fn draw(analysis: &ScenarioAnalysis, width: usize) -> String {
    let columns = columns(&analysis.scenario);
    let rows: Vec<&Row> = analysis.points.iter().flat_map(|point| ordered(&point.rows)).collect();
    let header = ["model"].into_iter().chain(columns.iter().map(|column| column.header));
    let header: Vec<String> = header.map(str::to_owned).collect();
    let best: Vec<Option<String>> = columns.iter().map(|column| best(*column, &rows)).collect();
    let mut is_above = true;
    let lines = rows.iter().map(|row| {
        let cells = columns.iter().zip(&best).map(|(column, best)| {
            let mut cell = column.cell(row);
            if takes_part(row) && Some(&cell.text) == best.as_ref() {
                cell.style = BEST;
            }
            cell
        });
        Line {
            cells: std::iter::once(Cell::plain(label(row, &rows))).chain(cells).collect(),
            style: style(row),
            rule: below(row, &mut is_above),
        }
    });
    let lines: Vec<Line> = lines.collect();
    grid::draw(&header, &lines, 1, width)
}

/// Whether there is a rule above this row: the first one that is not a model's.
pub(super) fn below(row: &Row, is_above: &mut bool) -> bool {
    let is_first = *is_above && row.subject.role != Role::Model;
    *is_above &= !is_first;
    is_first
}

/// The colour of the whole row, if it has one.
pub(super) fn style(row: &Row) -> Option<anstyle::Style> {
    if !row.failures.is_empty() {
        Some(FAILED)
    } else if row.subject.role != Role::Model {
        Some(DIM)
    } else {
        None
    }
}

/// Models compete for the best figure, unless something failed, clients starved (serving one of fifty is fast), or no
/// window was valid.
pub(super) fn takes_part(row: &Row) -> bool {
    row.subject.role == Role::Model
        && row.failures.is_empty()
        && row.valid > 0
        && row.median(Metric::Starved).is_none_or(|starved| starved == 0.0)
}

/// The best cell of a column as it is shown, so that equal texts are marked alike; `None` if fewer than two rows
/// compete.
fn best(column: Column, rows: &[&Row]) -> Option<String> {
    let metric = column.contest()?;
    let competitors: Vec<(&Row, f64)> = rows
        .iter()
        .filter(|row| takes_part(row))
        .filter_map(|row| Some((*row, row.median(metric)?)))
        .collect();
    let by_value = |one: &&(&Row, f64), other: &&(&Row, f64)| one.1.total_cmp(&other.1);
    let best = match metric.better() {
        Better::Lower => competitors.iter().min_by(by_value),
        Better::Higher => competitors.iter().max_by(by_value),
    };
    best.filter(|_| competitors.len() > 1).map(|(row, _)| column.cell(row).text)
}
