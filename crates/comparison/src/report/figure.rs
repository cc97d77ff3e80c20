//! The content below a question: a chart, its finding, and its data.

use charts::Chart;

/// A chart, its finding, and its data.
pub(super) struct Figure {
    pub(super) heading: String,
    pub(super) finding: String,
    /// How to read it; may be empty.
    pub(super) caption: String,
    /// `None` if there is nothing to draw; then the finding says so.
    pub(super) chart: Option<Box<dyn Chart>>,
    pub(super) table: Table,
}

/// Rows of words; the first of each names the row.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A sentence instead of a chart.
pub(super) fn nothing(heading: &str) -> Figure {
    only(heading, "This was not measured: no trial has this figure.")
}

/// This sentence instead of a chart.
pub(super) fn only(heading: &str, finding: &str) -> Figure {
    Figure {
        heading: heading.to_owned(),
        finding: finding.to_owned(),
        caption: String::new(),
        chart: None,
        table: Table::default(),
    }
}

/// The text in place of a figure that was not measured.
pub(super) fn absent() -> String {
    "–".to_owned()
}
