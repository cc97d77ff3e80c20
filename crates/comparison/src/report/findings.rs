//! The finding of a chart, in sentences generated from its data.

use crate::analysis::{Interval, PointAnalysis, Row};
use crate::answers::contest::{Contest, Entry, models};
use crate::numbers;
use loadgen::Bound;

/// `Lead: name, figure (interval).` and what else must be known about the first of a contest; `None` if no model
/// competes.
pub(super) fn first(
    contest: &Contest,
    lead: &str,
    write: impl Fn(f64) -> String,
    unit: &str,
) -> Option<String> {
    let Entry { row, spread } = contest.ranked.first()?;
    let figure = match spread.interval {
        Some(Interval { low, high }) => {
            format!("{}{unit} ({} to {})", write(spread.center), write(low), write(high))
        }
        None => format!("{}{unit}", write(spread.center)),
    };
    let mut text = format!("{lead}: {}, {figure}.", row.subject.name);
    if spread.interval.is_none() {
        let what = if row.invalid > 0 { "valid rounds" } else { "rounds" };
        text += &format!(" Too few {what} for an interval, so no order is claimed.");
    }
    Some(text)
}

/// What a rate does not show where the load generator was the limit of most rounds.
pub(super) fn own_limit(row: &Row) -> Option<String> {
    let (_, rounds) = row.verdicts.first().filter(|(bound, _)| *bound == Bound::Client)?;
    Some(format!(
        " In {rounds} of {} rounds the load generator was at its limit, so the server may be faster.",
        row.trials
    ))
}

/// The sentence where no model competes: that no window was valid, if that is so, or else `otherwise`.
pub(super) fn without_first(point: &PointAnalysis, otherwise: &str) -> String {
    models(point)
        .find_map(Row::without_valid)
        .map_or_else(|| otherwise.to_owned(), |reason| format!("No model is named as the best: {reason}."))
}

/// The ratio of the last figure to the first of those that compete, if they differ and less is better.
pub(super) fn range(contest: &Contest, write: impl Fn(f64) -> String) -> Option<String> {
    let (first, last) = contest.ranked.first().zip(contest.ranked.last())?;
    let (least, most) = (first.spread.center, last.spread.center);
    let name = &last.row.subject.name;
    (least > 0.0 && most > least)
        .then(|| format!(" Most: {name}, {}, {} times as much.", write(most), numbers::times(most / least)))
}
