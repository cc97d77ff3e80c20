//! What stands below a question: a chart, what it tells, and its data.

use charts::Chart;

/// A chart, what it tells, and its data.
pub(super) struct Figure {
    pub(super) heading: String,
    pub(super) finding: String,
    /// What must be known to read it; may be empty.
    pub(super) caption: String,
    /// None where there is nothing to draw; then the finding says so.
    pub(super) chart: Option<Box<dyn Chart>>,
    pub(super) table: Table,
}

/// Rows of words; the first of each names the row.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A sentence in place of a chart.
pub(super) fn nothing(heading: &str) -> Figure {
    Figure {
        heading: heading.to_owned(),
        finding: "This was not measured: there is no trial with such a figure.".to_owned(),
        caption: String::new(),
        chart: None,
        table: Table::default(),
    }
}

/// What stands where nothing was measured.
pub(super) fn absent() -> String {
    "–".to_owned()
}
