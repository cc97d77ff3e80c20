//! The finding of a chart, in sentences generated from its data.

use loadgen::Bound;

use super::numbers;
use super::subjects::{models, serves_all};
use crate::analysis::{Better, Interval, PointAnalysis, Row, Spread};

/// The subject with the best figure.
pub(super) struct Leader<'rows> {
    /// Its row.
    pub(super) row: &'rows Row,
    /// Its values.
    pub(super) spread: &'rows Spread,
    /// Subjects whose intervals overlap with its interval.
    alike: Vec<&'rows str>,
    /// Whether more is better: then the load generator may have been the limit.
    is_rate: bool,
    /// Subjects that do not compete: they serve only some of the clients, or have no valid window.
    left_out: Vec<&'rows str>,
}

/// The best of these rows: among those with a valid window, and of these, among those that serve all clients, if there
/// are such. `None` if no row has a valid window.
pub(super) fn leader<'rows>(
    rows: &[&'rows Row],
    of: impl Fn(&'rows Row) -> Option<&'rows Spread>,
    better: Better,
) -> Option<Leader<'rows>> {
    let measured: Vec<(&Row, &Spread)> = rows
        .iter()
        .filter_map(|row| Some((*row, of(row).filter(|spread| spread.center.is_finite())?)))
        .collect();
    let (valid, invalid): (Vec<_>, Vec<_>) = measured.into_iter().partition(|(row, _)| row.valid > 0);
    let is_partial = !valid.iter().any(|(row, _)| serves_all(row));
    let (asked, starving): (Vec<_>, Vec<_>) =
        valid.into_iter().partition(|(row, _)| is_partial || serves_all(row));
    let left_out = starving.iter().chain(&invalid);
    let order = |one: &&(&Row, &Spread), other: &&(&Row, &Spread)| {
        let by_value = one.1.center.total_cmp(&other.1.center);
        if better == Better::Lower { by_value } else { by_value.reverse() }
    };
    let &(row, spread) = asked.iter().min_by(order)?;
    let overlaps =
        |other: &Spread| spread.interval.zip(other.interval).is_none_or(|(own, other)| overlap(own, other));
    let others = asked.iter().filter(|(other, _)| other.subject.name != row.subject.name);
    let alike = others.filter(|(_, other)| overlaps(other)).map(|(other, _)| other.subject.name.as_str());
    Some(Leader {
        row,
        spread,
        is_rate: better == Better::Higher,
        alike: alike.collect(),
        left_out: left_out.map(|(other, _)| other.subject.name.as_str()).collect(),
    })
}

/// The sentence where no model leads: that no window was valid, if that is so, or else `otherwise`.
pub(super) fn without_leader(point: &PointAnalysis, otherwise: &str) -> String {
    models(point)
        .into_iter()
        .find_map(Row::without_valid)
        .map_or_else(|| otherwise.to_owned(), |reason| format!("No model is named as the best: {reason}."))
}

impl Leader<'_> {
    /// `Lead: name, figure (interval).` and the subjects that may be as good.
    pub(super) fn sentence(&self, lead: &str, write: impl Fn(f64) -> String, unit: &str) -> String {
        let figure = match self.spread.interval {
            Some(Interval { low, high }) => {
                format!("{}{unit} ({} to {})", write(self.spread.center), write(low), write(high))
            }
            None => format!("{}{unit}", write(self.spread.center)),
        };
        let mut text = format!("{lead}: {}, {figure}.", self.row.subject.name);
        if self.spread.interval.is_none() {
            let what = if self.row.invalid > 0 { "valid rounds" } else { "rounds" };
            text += &format!(" Too few {what} for an interval, so no order is claimed.");
        } else if !self.alike.is_empty() {
            text += &format!(
                " Not distinguishable from it, because intervals overlap: {}.",
                self.alike.join(", ")
            );
        }
        let own_limit = self.row.verdicts.first().filter(|(bound, _)| *bound == Bound::Client);
        if let (Some((_, rounds)), true) = (own_limit, self.is_rate) {
            text += &format!(
                " In {rounds} of {} rounds the load generator was at its limit, so the server may be faster.",
                self.row.trials
            );
        }
        if !self.left_out.is_empty() {
            text += &format!(
                " Excluded here, because they serve only some of the clients or have no valid window: {}.",
                self.left_out.join(", ")
            );
        }
        text
    }
}

/// The ratio of the largest figure to the least one, of rows with a valid window, if they differ.
pub(super) fn range(
    rows: &[&Row],
    of: impl Fn(&Row) -> Option<&Spread>,
    write: impl Fn(f64) -> String,
) -> Option<String> {
    let mut medians: Vec<(&str, f64)> = rows
        .iter()
        .filter(|row| row.valid > 0)
        .filter_map(|row| Some((row.subject.name.as_str(), of(row)?.center)))
        .collect();
    medians.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (&(_, least), &(name, most)) = medians.first().zip(medians.last())?;
    (least > 0.0 && most > least)
        .then(|| format!("Most: {name}, {}, {} times as much.", write(most), numbers::times(most / least)))
}

fn overlap(one: Interval, other: Interval) -> bool {
    one.low <= other.high && other.low <= one.high
}
