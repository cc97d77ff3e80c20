//! The finding of a chart, in sentences generated from its data.

use crate::analysis::{Better, Metric, PointAnalysis, Row};
use crate::answers::best::best;
use crate::answers::contest::Contest;
use loadgen::Bound;

/// The best model in this metric with its claims, and what else must be known about it.
pub(super) fn finding(point: &PointAnalysis, metric: Metric, lead: &str) -> String {
    let mut text = best(point, metric, |name, figure| format!("{lead}: {name}, {figure}")).text;
    let contest = Contest::of(point, metric);
    let first = contest.ranked.first();
    if metric.better() == Better::Higher {
        text.extend(first.and_then(|first| own_limit(first.row)));
    }
    text.extend(contest.not_ranked().map(|names| format!(" {names}")));
    text
}

/// What a rate does not show where the load generator was the limit of most rounds.
fn own_limit(row: &Row) -> Option<String> {
    let (_, rounds) = row.verdicts.first().filter(|(bound, _)| *bound == Bound::Client)?;
    Some(format!(
        " In {rounds} of {} rounds the load generator was at its limit, so the server may be faster.",
        row.trials
    ))
}
