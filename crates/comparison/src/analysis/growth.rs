//! How a subject's cost of a message grows with idle clients: its figure at the last point of the curve divided by that at
//! the first one, within each round.

use super::figures::{Growth, Pair};
use super::metric::Metric;
use crate::record::{Record, Run};
use crate::scenario::{Point, Scenario};

/// The growth for each subject that was measured at both ends; none unless idle clients vary.
pub(super) fn growths(run: &Run, scenario: &Scenario, records: &[&Record]) -> Vec<Growth> {
    let points = scenario.points();
    let (Some(&from @ Point::Idle(_)), Some(&to)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    // A scenario with fewer rounds than the run is spread over the whole of it.
    let rounds = records.iter().map(|record| record.round).max().unwrap_or(0);
    let growth = |name: &str| {
        let cost = |point: Point, round: u32| {
            let is_meant =
                |record: &&&Record| record.subject == name && record.point == point && record.round == round;
            let record = records.iter().find(is_meant)?;
            (record.observed.is_right() && record.is_valid()).then(|| Metric::CpuPerMessage.of(record))?
        };
        let quotients = (1..=rounds)
            .filter_map(|round| Some((round, cost(to, round)? / cost(from, round)?)))
            .filter(|(_, quotient)| quotient.is_finite() && *quotient > 0.0);
        let pair = Pair::of_quotients(name, name, Metric::CpuPerMessage, quotients.collect())?;
        Some(Growth { from, to, pair })
    };
    run.subjects.iter().filter(|_| from != to).filter_map(|subject| growth(&subject.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Claim, analyse};
    use crate::example::{self, JITTER};

    #[test]
    fn growth_with_idle_clients_is_claimed_for_the_model_that_grows_and_for_no_other() {
        // With a scenario that has more rounds.
        let run = || example::run_of("full", &["ping-pong", "idle-clients"]);
        let mut comparison = example::altered(run(), |trial, figures| {
            if trial.subject.name == "mio" && trial.point == Point::Idle(10_000) {
                figures.cpu_ns_per_message *= 50.0;
            }
        });
        let analysis = analyse(&comparison);
        let growth = |name: &str| {
            let growths = &analysis.scenario("idle-clients").unwrap().growths;
            growths.iter().find(|growth| growth.pair.left == name).unwrap()
        };
        let mio = growth("mio");
        assert_eq!((mio.from, mio.to, mio.pair.claim), (Point::Idle(10), Point::Idle(10_000), Claim::Higher));
        assert!((mio.pair.spread.center / 50.0 - 1.0).abs() < 2.0 * JITTER, "{mio:?}");
        for other in ["thread-per-conn", "tokio", "floor-epoll", "floor-epoll again"] {
            assert!(!growth(other).pair.claim.is_difference(), "{:?}", growth(other));
        }
        // Each is one more comparison of the run, for which all claims are corrected.
        let growths = &analysis.scenario("idle-clients").unwrap().growths;
        assert!(
            growths.iter().all(|growth| growth.pair.adjusted_p >= growth.pair.p && growth.pair.p.is_some())
        );
        // What was disturbed does not count.
        example::disturb(&mut comparison, |record| record.point == Point::Idle(10));
        assert_eq!(analyse(&comparison).scenario("idle-clients").unwrap().growths, []);
        // A difference that twins show, too, is not claimed.
        let noisy = analyse(&example::altered(run(), |trial, figures| {
            if trial.point == Point::Idle(10_000)
                && ["mio", "floor-epoll again"].contains(&trial.subject.name.as_str())
            {
                figures.cpu_ns_per_message *= 1.5;
            }
        }));
        let mio = noisy
            .scenario("idle-clients")
            .unwrap()
            .growths
            .iter()
            .find(|growth| growth.pair.left == "mio")
            .unwrap();
        assert_eq!(mio.pair.claim, Claim::WithinNoise);
    }
}
