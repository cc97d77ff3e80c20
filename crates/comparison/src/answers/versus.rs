//! One subject against another, in words: the difference with its interval if it is claimed, and otherwise why none is.

use crate::analysis::{Claim, Interval, Metric, Pair, PointAnalysis};
use crate::numbers;

use super::contest::Contest;

/// From this factor on "times as much" is easier to read than "percent more".
const FACTOR: f64 = 2.0;
/// Below this fraction "less by a factor" is.
const FRACTION: f64 = 0.1;

/// `18 % less than tokio (95 % interval 12 to 23 %)`: the left one of a pair, seen from the right one.
pub(crate) fn difference(pair: &Pair) -> String {
    let (center, name) = (pair.spread.center, &pair.right);
    let percents = |of: fn(f64) -> f64| {
        let Interval { low, high } = pair.spread.interval?;
        let (one, other) = (of(low), of(high));
        Some(format!("{} to {} %", percent(one.min(other)), percent(one.max(other))))
    };
    let (figure, interval) = if center < FRACTION {
        let inverted = pair.inverted();
        let factor = numbers::times(inverted.spread.center);
        (format!("less than {name} by a factor of {factor}"), factors(&inverted))
    } else if center <= 1.0 {
        (format!("{} % less than {name}", percent(1.0 - center)), percents(|factor| 1.0 - factor))
    } else if center < FACTOR {
        (format!("{} % more than {name}", percent(center - 1.0)), percents(|factor| factor - 1.0))
    } else {
        (format!("{} times as much as {name}", numbers::times(center)), factors(pair))
    };
    figure + &interval.map(|interval| format!(" (95 % interval {interval})")).unwrap_or_default()
}

/// `tokio at 1.05 times (0.98 to 1.12)`: the right one of a pair as a multiple of the left one, with the interval.
pub(crate) fn multiple(pair: &Pair) -> String {
    let inverted = pair.inverted();
    let interval = factors(&inverted).map(|interval| format!(" ({interval})")).unwrap_or_default();
    format!("{} at {} times{interval}", pair.right, numbers::times(inverted.spread.center))
}

/// Why no difference is claimed, if none is.
pub(crate) const fn why_not(claim: Claim) -> Option<&'static str> {
    match claim {
        Claim::Higher | Claim::Lower => None,
        Claim::NoDifference => Some("the interval includes 1"),
        Claim::WithinNoise => Some("within what two runs of one program differ by"),
        Claim::OneOfMany => Some("to be expected by chance among so many comparisons"),
        Claim::TooFewRounds => Some("too few rounds"),
        Claim::NoTwin => Some("no twin was measured here"),
    }
}

/// The model that is claimed to be better than every other one that competes, if there is one.
pub(crate) fn claimed_best(point: &PointAnalysis, metric: Metric) -> Option<&str> {
    let contest = Contest::of(point, metric);
    let (best, others) = contest.ranked.split_first()?;
    let is_claimed = |other: &str| {
        let pair = point.pair(&best.row.subject.name, other, metric);
        pair.is_some_and(|pair| pair.claim.is_difference())
    };
    (!others.is_empty() && others.iter().all(|other| is_claimed(&other.row.subject.name)))
        .then_some(best.row.subject.name.as_str())
}

/// The interval of its quotient, such as `0.98 to 1.12`.
pub(crate) fn factors(pair: &Pair) -> Option<String> {
    let Interval { low, high } = pair.spread.interval?;
    Some(format!("{} to {}", numbers::times(low), numbers::times(high)))
}

/// With one decimal where a whole number would hide the difference.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent.abs() < 10.0 || (99.0..100.0).contains(&percent) {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    }
}
