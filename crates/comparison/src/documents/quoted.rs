//! Figures of a run as the documents quote them.

use crate::analysis::{Analysis, Ratio};

/// A median with its interval, in bold if a difference is claimed.
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
