//! The clients of a run as rows of text.

use super::lanes::{Chart, Lane};
use super::terminal::{
    self, DONE, FAILED, Group, Legend, RECEIVES, Row, SENDS, SENDS_AND_RECEIVES, SERVED, Scale, WAITS,
};

const LEGEND: &Legend = &[
    (WAITS, "waits"),
    (SERVED, "served"),
    (SENDS, "sends"),
    (RECEIVES, "receives"),
    (SENDS_AND_RECEIVES, "both"),
    (DONE, "done"),
    (FAILED, "failed"),
];

/// Draws all charts over one time axis; no line is longer than `columns`.
pub(super) fn draw(charts: &[Chart], columns: usize) -> String {
    let groups: Vec<Group<'_, Lane>> = charts
        .iter()
        .map(|Chart { name, title, elapsed, lanes }| Group {
            name,
            note: title,
            elapsed: *elapsed,
            rows: lanes,
        })
        .collect();
    terminal::draw(LEGEND, &groups, Chart::end_of_all(charts), columns)
}

impl Row for Lane {
    fn label(&self) -> String {
        self.client.clone()
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn cells(&self, scale: &Scale) -> String {
        let mut cells = scale.blank();
        let (served, ended) = (scale.column(self.served_from()), scale.column(self.ended));
        cells[scale.column(self.arrived)..=served].fill(WAITS);
        if self.greeted.is_some() {
            cells[served..=ended].fill(SERVED);
        }
        for &(from, until) in &self.owed {
            cells[scale.column(from)..scale.column(until)].fill(WAITS);
        }
        for &at in &self.sent {
            cells[scale.column(at)] = SENDS;
        }
        for &at in &self.received {
            let cell = &mut cells[scale.column(at)];
            *cell = if matches!(*cell, SENDS | SENDS_AND_RECEIVES) { SENDS_AND_RECEIVES } else { RECEIVES };
        }
        cells[ended] = if self.failure.is_some() { FAILED } else { DONE };
        cells.into_iter().collect()
    }
}
