//! Whether small requests stall behind big ones, and from how many big ones on: the knee.
//!
//! A stall is a wait that another client's request causes. Half of the time that a big request takes alone is the bound: who
//! waits for one big request to end waits that long on average, since it may have begun long ago. Below the bound
//! requests are slower, because they share the processor; above it they wait for their turn.

use super::figures::{Claim, Pair, ScenarioAnalysis, Stall};
use super::metric::Metric;
use crate::record::{Record, Run};
use crate::scenario::{Point, Scenario};

/// The share of a big request's own time from which on a wait counts as a stall.
const SHARE: f64 = 0.5;

/// The quotients for each subject at each point; none unless big requests vary.
pub(super) fn stalls(run: &Run, scenario: &Scenario, records: &[&Record]) -> Vec<Stall> {
    let points = scenario.points();
    let Some(&alone) = points.iter().find(|point| matches!(point, Point::Big(1))) else { return Vec::new() };
    // A scenario with fewer rounds than the run is spread over the whole of it.
    let rounds = records.iter().map(|record| record.round).max().unwrap_or(0);
    let of = |name: &str, point: Point, round: u32, metric: Metric| {
        let is_meant =
            |record: &&&Record| record.subject == name && record.point == point && record.round == round;
        let record = records.iter().find(is_meant)?;
        (record.observed.is_right() && record.is_valid()).then(|| metric.of(record))?
    };
    let stall = |name: &str, point: Point| {
        let quotient = |round: u32| {
            let bound = SHARE * of(name, alone, round, Metric::BigP50)?;
            Some((round, of(name, point, round, Metric::P99)? / bound))
        };
        let quotients = (1..=rounds).filter_map(quotient);
        let quotients = quotients.filter(|(_, quotient)| quotient.is_finite() && *quotient > 0.0);
        let pair = Pair::of_quotients(name, name, Metric::P99, quotients.collect())?;
        Some(Stall { point, pair })
    };
    let subjects = run.subjects.iter().map(|subject| subject.name.as_str());
    subjects.flat_map(|name| points.iter().filter_map(move |&point| stall(name, point))).collect()
}

/// From how many big requests on small ones stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knee {
    /// At this many they do, and with the fewer ones measured before they do not.
    At(u64),
    /// They do at the second number, and not up to the first one; between them nothing is shown.
    Between(u64, u64),
    /// They do at this many, the fewest for which anything is shown.
    AtMost(u64),
    /// Not up to this many, the most that were measured.
    Beyond(u64),
    /// Not up to this many; for more nothing is shown.
    NotShownBeyond(u64),
}

/// The knee of a subject; `None` if nothing can be claimed at any point.
pub fn knee(scenario: &ScenarioAnalysis, subject: &str) -> Option<Knee> {
    let own = scenario.stalls.iter().filter(|stall| stall.pair.left == subject);
    let claims = own.filter_map(|stall| match stall.point {
        Point::Big(count) => Some((count, stall.pair.claim)),
        _ => None,
    });
    knee_of(&claims.collect::<Vec<(u64, Claim)>>())
}

/// The knee of these claims, by a growing number of big requests.
fn knee_of(claims: &[(u64, Claim)]) -> Option<Knee> {
    let stalled = claims.iter().position(|(_, claim)| *claim == Claim::Higher);
    let before = &claims[..stalled.unwrap_or(claims.len())];
    let free = before.iter().rposition(|(_, claim)| *claim == Claim::Lower);
    match (free, stalled) {
        (None, None) => None,
        (None, Some(0)) => Some(Knee::At(claims[0].0)),
        (None, Some(stalled)) => Some(Knee::AtMost(claims[stalled].0)),
        (Some(free), Some(stalled)) if free + 1 == stalled => Some(Knee::At(claims[stalled].0)),
        (Some(free), Some(stalled)) => Some(Knee::Between(claims[free].0, claims[stalled].0)),
        (Some(free), None) if free + 1 == claims.len() => Some(Knee::Beyond(claims[free].0)),
        (Some(free), None) => Some(Knee::NotShownBeyond(claims[free].0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::example::{self, BIG_NS};

    #[test]
    fn the_knee_is_found_in_records() {
        // As the models do: the loop waits for each big request, four workers for the fifth, and threads share.
        let waits = |model: &str, big: u64| match model {
            "prime-inline" => big > 0,
            "prime-queue" => big >= 4,
            _ => false,
        };
        let analysis =
            analyse(&example::altered(example::run_of_work(&["behind-a-big-number"]), |trial, figures| {
                let Point::Big(big) = trial.point else { panic!("{:?}", trial.point) };
                figures.median_latency_ns = if waits(&trial.subject.model, big) { BIG_NS } else { 1e6 };
            }));
        let scenario = &analysis.scenarios[0];
        assert_eq!(knee(scenario, "prime-inline"), Some(Knee::At(1)));
        assert_eq!(knee(scenario, "prime-queue"), Some(Knee::At(4)));
        assert_eq!(knee(scenario, "prime-threads"), Some(Knee::Beyond(8)));
        assert_eq!(knee(scenario, "prime-threads again"), Some(Knee::Beyond(8)));
        // A stall is one more comparison of the run, for which all claims are corrected.
        assert!(scenario.stalls.iter().all(|stall| stall.pair.adjusted_p >= stall.pair.p));
    }

    fn of(claims: &[Claim]) -> Option<Knee> {
        let counts = [0, 1, 2, 4, 8];
        knee_of(&counts.into_iter().zip(claims.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn the_knee_is_the_fewest_big_requests_behind_which_small_ones_are_claimed_to_stall() {
        use Claim::{Higher, Lower, NoDifference, TooFewRounds};
        assert_eq!(of(&[Lower, Higher, Higher, Higher, Higher]), Some(Knee::At(1)));
        assert_eq!(of(&[Lower, Lower, Lower, Higher, Higher]), Some(Knee::At(4)));
        assert_eq!(of(&[Lower, Lower, NoDifference, Higher, Higher]), Some(Knee::Between(1, 4)));
        assert_eq!(of(&[Lower, Lower, Lower, Lower, Lower]), Some(Knee::Beyond(8)));
        assert_eq!(of(&[Lower, Lower, Lower, Lower, NoDifference]), Some(Knee::NotShownBeyond(4)));
        assert_eq!(of(&[NoDifference, NoDifference, Higher]), Some(Knee::AtMost(2)));
        assert_eq!(of(&[TooFewRounds; 5]), None);
        // A stall that ends again is a stall all the same.
        assert_eq!(of(&[Lower, Higher, Lower, Higher, Higher]), Some(Knee::At(1)));
    }
}
