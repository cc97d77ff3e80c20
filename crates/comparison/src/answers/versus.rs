//! One subject against another, in words: the difference with its interval if it is claimed, and otherwise why none is.

use crate::analysis::{Claim, Interval, Metric, Pair, PointAnalysis};
use crate::numbers;

use super::contest::Contest;

/// From this factor on "times as much" is easier to read than "percent more".
const FACTOR: f64 = 2.0;

/// `18 % less than tokio (95 % interval 12 to 23 %)`: the left one of a pair, seen from the right one.
pub(crate) fn difference(pair: &Pair) -> String {
    let center = pair.spread.center;
    let (figure, interval) = if center <= 1.0 {
        let less = |factor: f64| percent(1.0 - factor);
        let interval = pair.spread.interval.map(|Interval { low, high }| (less(high), less(low)));
        (format!("{} % less than", less(center)), interval.map(|(low, high)| format!("{low} to {high} %")))
    } else if center < FACTOR {
        let more = |factor: f64| percent(factor - 1.0);
        let interval = pair.spread.interval.map(|Interval { low, high }| (more(low), more(high)));
        (format!("{} % more than", more(center)), interval.map(|(low, high)| format!("{low} to {high} %")))
    } else {
        (format!("{} times as much as", numbers::times(center)), factors(pair))
    };
    let interval = interval.map(|interval| format!(" (95 % interval {interval})")).unwrap_or_default();
    format!("{figure} {}{interval}", pair.right)
}

/// `0.97 times tokio's (95 % interval 0.93 to 1.02: it includes 1)`: a pair of which no difference is shown.
pub(crate) fn unclaimed(pair: &Pair) -> String {
    let interval = factors(pair).map(|interval| format!("95 % interval {interval}: ")).unwrap_or_default();
    let why = why_not(pair.claim).unwrap_or("claimed");
    format!("{} ({} times, {interval}{why})", pair.right, numbers::times(1.0 / pair.spread.center))
}

/// Why no difference is claimed, if none is.
pub(crate) const fn why_not(claim: Claim) -> Option<&'static str> {
    match claim {
        Claim::Higher | Claim::Lower => None,
        Claim::NoDifference => Some("it includes 1"),
        Claim::WithinNoise => Some("within what two runs of one program differ by"),
        Claim::OneOfMany => Some("to be expected among as many comparisons"),
        Claim::TooFewRounds => Some("too few rounds"),
        Claim::NoTwin => Some("no twin did this work"),
    }
}

/// The model that is claimed to be better than every other one that competes, if there is one.
pub(crate) fn claimed_best<'run>(point: &'run PointAnalysis, metric: Metric) -> Option<&'run str> {
    let contest = Contest::of(point, metric);
    let (best, others) = contest.ranked.split_first()?;
    let is_claimed = |other: &str| {
        let pair = point.pair(&best.row.subject.name, other, metric);
        pair.is_some_and(|pair| pair.claim.is_difference())
    };
    (!others.is_empty() && others.iter().all(|other| is_claimed(&other.row.subject.name)))
        .then_some(best.row.subject.name.as_str())
}

fn factors(pair: &Pair) -> Option<String> {
    let Interval { low, high } = pair.spread.interval?;
    Some(format!("{} to {}", numbers::times(low), numbers::times(high)))
}

/// With one decimal where a whole number would hide the difference.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent.abs() < 10.0 || percent > 99.0 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}
