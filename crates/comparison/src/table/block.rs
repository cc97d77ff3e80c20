//! The table of a scenario without a curve.

use super::column::{Column, columns};
use super::grid::{self, Cell, Line};
use super::order::{label, ordered};
use super::style::{BEST, DIM, FAILED};
use crate::analysis::{Row, ScenarioAnalysis};
use crate::subject::{Role, Subject};

/// Draws it: models, and below a rule the floors and their twins. The best model of a column is marked if it is claimed to
/// be better than all others.
pub(super) fn draw(analysis: &ScenarioAnalysis, width: usize) -> String {
    let columns = columns(&analysis.scenario);
    let rows: Vec<&Row> = analysis.points.iter().flat_map(|point| ordered(&point.rows)).collect();
    let header = ["model"].into_iter().chain(columns.iter().map(|column| column.header));
    let header: Vec<String> = header.map(str::to_owned).collect();
    let best = |column: &Column| {
        let best = analysis.points.first()?.best(column.contest()?)?;
        Some(best.subject.name.as_str())
    };
    let best: Vec<Option<&str>> = columns.iter().map(best).collect();
    let mut is_above = true;
    let lines = rows.iter().map(|row| {
        let cells = columns.iter().zip(&best).map(|(column, best)| {
            let mut cell = column.cell(row);
            if Some(row.subject.name.as_str()) == *best {
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

/// Whether there is a rule above this row: the first one of raw echo.
pub(super) fn below(row: &Row, is_above: &mut bool) -> bool {
    let is_first = *is_above && row.subject.is_raw_echo();
    *is_above &= !is_first;
    is_first
}

/// Whether it shows what models are to be compared with: raw echo, or how far two runs of one program differ.
pub(super) fn is_beside_models(subject: &Subject) -> bool {
    matches!(subject.role, Role::Floor | Role::Twin)
}

/// The colour of the whole row, if it has one.
pub(super) fn style(row: &Row) -> Option<anstyle::Style> {
    if !row.failures.is_empty() {
        Some(FAILED)
    } else if is_beside_models(&row.subject) {
        Some(DIM)
    } else {
        None
    }
}
