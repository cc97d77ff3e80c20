//! Markdown: tables, and figures as they stand in them.

use crate::compare::analysis::{Analysis, Ratio};

/// What is not known, or would say nothing.
pub(crate) const NOTHING: &str = "–";

/// The head of a table of figures: all columns but the first are set to the right.
pub(crate) fn header(titles: impl IntoIterator<Item = String>) -> String {
    head(titles, "---:")
}

/// The head of a table of words.
pub(crate) fn words<const COLUMNS: usize>(titles: [&str; COLUMNS]) -> String {
    head(titles.map(str::to_owned), "---")
}

fn head(titles: impl IntoIterator<Item = String>, further: &str) -> String {
    let titles: Vec<String> = titles.into_iter().collect();
    let rule: Vec<String> =
        (0..titles.len()).map(|index| if index == 0 { "---" } else { further }.to_owned()).collect();
    line(titles) + &line(rule)
}

pub(crate) fn line(cells: impl IntoIterator<Item = String>) -> String {
    // A bar would end the cell.
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A median with its interval, marked if it may be claimed.
pub(crate) fn ratio(ratio: &Ratio) -> String {
    let median = ratio.spread.median;
    let Some(interval) = ratio.spread.interval else { return format!("{median:.2}") };
    let figure = format!("{median:.2} [{:.2}, {:.2}]", interval.low, interval.high);
    if ratio.claim.is_difference() { format!("**{figure}**") } else { figure }
}

/// The day on which a run began.
pub(crate) fn date(analysis: &Analysis) -> &str {
    analysis.run.started.split('T').next().unwrap_or_default()
}
