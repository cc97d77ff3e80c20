//! The best model in one figure, in a sentence with its claims.

use super::asked::{Asked, Question};
use super::contest::{Contest, models};
use super::versus::{difference, multiple, why_not};
use crate::analysis::{Metric, Pair, PointAnalysis, Row};
use crate::numbers;

/// What is said about the best model in one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Best {
    /// The best model, and those that are not shown to be worse; empty if no difference is shown at all.
    pub(crate) picks: Vec<String>,
    /// The sentence.
    pub(crate) text: String,
}

const GIBIBYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// The answer to a question about one figure.
pub(crate) fn answer(asked: &Asked) -> Best {
    let verb = if asked.question == Question::Wait { "has the lowest" } else { "needs the least" };
    let memory = Contest::of(asked.point, asked.metric).ranked.first().map(|first| first.spread.center);
    let fits = memory.filter(|bytes| asked.question == Question::IdleClient && *bytes >= 1.0).map(|bytes| {
        format!(
            " a client without the kernel's part, about {} clients a GiB",
            numbers::rounded(GIBIBYTE / bytes)
        )
    });
    let fits = fits.unwrap_or_default();
    best(asked.point, asked.metric, |name, figure| format!("{name} {verb}: {figure}{fits}"))
}

/// The best model in a metric at a point. `say` puts its name and its figure into a sentence.
pub(crate) fn best(point: &PointAnalysis, metric: Metric, say: impl Fn(&str, &str) -> String) -> Best {
    let contest = Contest::of(point, metric);
    let Some((first, others)) = contest.ranked.split_first() else {
        let reason = models(point).find_map(Row::without_valid);
        let text = reason.map_or("No model was measured.".to_owned(), |reason| {
            format!("No model is named as the best: {reason}.")
        });
        return Best { picks: Vec::new(), text };
    };
    let name = &first.row.subject.name;
    let figure = numbers::spread(first.spread, |value| numbers::with_unit(metric, value));
    let pairs = others.iter().filter_map(|other| point.pair(name, &other.row.subject.name, metric));
    let pairs: Vec<Pair> = pairs.collect();
    let (claimed, open): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().partition(|pair| pair.claim.is_difference());
    let alone = others.iter().map(|other| other.row.subject.name.as_str());
    let alone: Vec<&str> = alone.filter(|other| pairs.iter().all(|pair| pair.right != *other)).collect();
    let mut text = if others.is_empty() {
        format!("Nothing to compare: only {name} was measured and serves every client, {figure}.")
    } else if pairs.is_empty() {
        format!("{}. No claim is made about this figure.{}", say(name, &figure), worst(&contest, metric))
    } else if claimed.is_empty() {
        format!("No difference shown. Best median: {name}, {figure}.")
    } else {
        format!("{}. That is {}.", say(name, &figure), listed(&claimed))
    };
    if !open.is_empty() {
        let lead = if claimed.is_empty() { "The others" } else { "No difference shown from" };
        text += &format!(" {lead}: {}.", open_ones(&open));
    }
    if !alone.is_empty() && !pairs.is_empty() {
        text += &format!(" Not compared with it in any round: {}.", alone.join(", "));
    }
    let tied = open.iter().map(|pair| pair.right.as_str()).chain(alone);
    let picks = std::iter::once(name.as_str()).chain(tied).map(str::to_owned);
    Best {
        picks: if claimed.is_empty() { Vec::new() } else { picks.collect() },
        text: text + &invalid(&contest),
    }
}

/// The last of those that compete, if it differs.
fn worst(contest: &Contest, metric: Metric) -> String {
    let ends = contest.ranked.first().zip(contest.ranked.last());
    let ends = ends.map(|(first, last)| (first.spread.center, last.spread.center, &last.row.subject.name));
    match ends {
        Some((best, worst, name)) if best.min(worst) > 0.0 && best.max(worst) > best.min(worst) => {
            let figure = numbers::with_unit(metric, worst);
            format!(" At the other end: {name}, {figure}, {} times that.", numbers::times(worst / best))
        }
        _ => String::new(),
    }
}

/// Each claimed difference; of many only the nearest and the farthest.
fn listed(claimed: &[&Pair]) -> String {
    match claimed {
        [first, .., last] if claimed.len() > 3 => {
            let between = claimed.len() - 2;
            format!(
                "{}, and as far as {}, with {between} others between",
                difference(first),
                difference(last)
            )
        }
        few => few.iter().map(|pair| difference(pair)).collect::<Vec<String>>().join(", "),
    }
}

/// The models that are not shown to differ from the best, as multiples of it, by the reason why.
fn open_ones(open: &[&Pair]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for pair in open {
        let reason = why_not(pair.claim).unwrap_or_default();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, multiples)) => multiples.push(multiple(pair)),
            None => reasons.push((reason, vec![multiple(pair)])),
        }
    }
    let groups = reasons.iter().map(|(reason, multiples)| format!("{}: {reason}", multiples.join(", ")));
    groups.collect::<Vec<String>>().join("; ")
}

/// The models without a valid window. Those that starve clients have an answer of their own.
fn invalid(contest: &Contest) -> String {
    let rows = contest.unranked.iter().filter(|(row, _)| row.valid == 0);
    let names: Vec<&str> = rows.map(|(row, _): &(&Row, String)| row.subject.name.as_str()).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" Not ranked, because no window was valid: {}.", names.join(", "))
    }
}
