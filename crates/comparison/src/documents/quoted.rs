//! Figures of a run as the documents quote them.

use crate::analysis::{Analysis, Pair};

/// A ratio with its interval, in bold if a difference is claimed.
pub(crate) fn ratio(ratio: &Pair) -> String {
    let center = ratio.spread.center;
    let Some(interval) = ratio.spread.interval else { return format!("{center:.2}") };
    let figure = format!("{center:.2} [{:.2}, {:.2}]", interval.low, interval.high);
    if ratio.claim.is_difference() { format!("**{figure}**") } else { figure }
}

/// The day on which a run began.
pub(crate) fn date(analysis: &Analysis) -> &str {
    analysis.run.started.split('T').next().unwrap_or_default()
}
