//! The lanes as rows of text.

use charts::Phase;

use super::lanes::{Chart, Lane};
use crate::timeline::terminal::{self, FAILED, Group, Legend, QUEUED, Row, SERVED, Scale, WAITS};

const LEGEND: &Legend = &[
    (WAITS, "sent, not read yet"),
    (QUEUED, "read, waits for a turn or a cache"),
    (SERVED, "is tested; or the thread is busy"),
    (FAILED, "failed"),
];

/// Draws all charts over one time axis; no line is longer than `columns`.
pub(super) fn draw(charts: &[Chart], columns: usize) -> String {
    let groups: Vec<Group<'_, Lane>> = charts
        .iter()
        .map(|Chart { name, note, elapsed, lanes, .. }| Group { name, note, elapsed: *elapsed, rows: lanes })
        .collect();
    terminal::draw(LEGEND, &groups, Chart::end_of_all(charts), columns)
}

impl Row for Lane {
    fn label(&self) -> String {
        format!("{}  {}", self.label, self.figure)
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn cells(&self, scale: &Scale) -> String {
        let mut cells = scale.blank();
        // What is done is seen before what is waited for, if both fall on one cell.
        for drawn in [Phase::Waits, Phase::Queued, Phase::Served, Phase::Failed] {
            let glyph = match drawn {
                Phase::Waits | Phase::Owed => WAITS,
                Phase::Queued => QUEUED,
                Phase::Served => SERVED,
                Phase::Failed => FAILED,
            };
            for (from, to, _) in self.spans.iter().filter(|(_, _, phase)| *phase == drawn) {
                cells[scale.column(*from)..=scale.column(*to)].fill(glyph);
            }
        }
        cells.into_iter().collect()
    }
}
