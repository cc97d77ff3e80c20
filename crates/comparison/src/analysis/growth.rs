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
    let growth = |name: &str| {
        let cost = |point: Point, round: u32| {
            let is_meant =
                |record: &&&Record| record.subject == name && record.point == point && record.round == round;
            let record = records.iter().find(is_meant)?;
            (record.observed.is_right() && record.is_valid()).then(|| Metric::CpuPerMessage.of(record))?
        };
        let quotients = (1..=run.profile.rounds.get(&scenario.name).copied().unwrap_or(0))
            .filter_map(|round| Some((round, cost(to, round)? / cost(from, round)?)))
            .filter(|(_, quotient)| quotient.is_finite() && *quotient > 0.0);
        let pair = Pair::of_quotients(name, name, Metric::CpuPerMessage, quotients.collect())?;
        Some(Growth { from, to, pair })
    };
    run.subjects.iter().filter(|_| from != to).filter_map(|subject| growth(&subject.name)).collect()
}
