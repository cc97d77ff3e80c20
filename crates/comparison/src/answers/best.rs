//! The best model in one figure, in a sentence with its claims.

use super::asked::{Asked, Question};
use super::contest::Contest;
use super::versus::{difference, unclaimed};
use crate::analysis::{Claim, Pair, Row};
use crate::numbers;

/// What is said about the best model in one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Best {
    /// The best model, and those that are not shown to be worse; empty if no order of any two is shown.
    pub(crate) picks: Vec<String>,
    /// The sentence.
    pub(crate) text: String,
}

const GIBIBYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// The best model in this figure.
pub(crate) fn best(asked: &Asked) -> Best {
    let contest = Contest::of(asked.point, asked.metric);
    let Some((first, others)) = contest.ranked.split_first() else {
        let reason = contest.unranked.iter().find_map(|(row, _)| row.without_valid());
        let text = reason.map_or("Not measured.".to_owned(), |reason| format!("Not answered: {reason}."));
        return Best { picks: Vec::new(), text };
    };
    let name = &first.row.subject.name;
    let figure = numbers::spread(first.spread, |value| numbers::with_unit(asked.metric, value));
    let figure = figure + &clients_per_gibibyte(asked, first.spread.center);
    if others.is_empty() {
        let text = format!("Nothing to compare: only {name} was measured and serves every client, {figure}.");
        return Best { picks: Vec::new(), text: text + &invalid(&contest) };
    }
    let pairs: Vec<Option<Pair>> =
        others.iter().map(|other| asked.point.pair(name, &other.row.subject.name, asked.metric)).collect();
    let found: Vec<&Pair> = pairs.iter().flatten().collect();
    let (claimed, open): (Vec<&Pair>, Vec<&Pair>) =
        found.into_iter().partition(|pair| pair.claim.is_difference());
    let mut text = if claimed.is_empty() {
        format!("No difference shown. The lowest median is that of {name}, {figure}.")
    } else {
        format!("{name}: {figure}. That is {}.", listed(&claimed))
    };
    text += &open_ones(&open, !claimed.is_empty());
    let alone: Vec<&str> = others
        .iter()
        .zip(&pairs)
        .filter(|(_, pair)| pair.is_none())
        .map(|(other, _)| other.row.subject.name.as_str())
        .collect();
    if !alone.is_empty() {
        text += &format!(" Not compared with it in any round: {}.", alone.join(", "));
    }
    let tied = open.iter().map(|pair| pair.right.clone()).chain(alone.into_iter().map(str::to_owned));
    let picks = std::iter::once(name.clone()).chain(tied);
    Best {
        picks: if claimed.is_empty() { Vec::new() } else { picks.collect() },
        text: text + &invalid(&contest),
    }
}

/// Each claimed difference; of many only the nearest and the farthest.
fn listed(claimed: &[&Pair]) -> String {
    match claimed {
        [first, .., last] if claimed.len() > 3 => {
            let between = claimed.len() - 2;
            format!("{}, and as far as {}, with {between} others between", difference(first), difference(last))
        }
        few => few.iter().map(|pair| difference(pair)).collect::<Vec<String>>().join(", "),
    }
}

/// The models that are not shown to differ from the best, with the reasons.
fn open_ones(open: &[&Pair], is_rest: bool) -> String {
    if open.is_empty() {
        return String::new();
    }
    if open.iter().all(|pair| pair.claim == Claim::TooFewRounds) {
        let names: Vec<&str> = open.iter().map(|pair| pair.right.as_str()).collect();
        return format!(" Too few rounds to compare it with {}.", names.join(", "));
    }
    let lead = if is_rest { "No difference shown from" } else { "The others" };
    format!(" {lead}: {}.", open.iter().map(|pair| unclaimed(pair)).collect::<Vec<String>>().join(", "))
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

/// How many clients fit into a GiB, where the figure is memory per client.
fn clients_per_gibibyte(asked: &Asked, bytes: f64) -> String {
    let fits = asked.question == Question::IdleClient && bytes >= 1.0;
    if fits {
        format!(" a client without the kernel's part, about {} clients a GiB", numbers::rounded(GIBIBYTE / bytes))
    } else {
        String::new()
    }
}
