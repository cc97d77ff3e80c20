//! Any two subjects at a point, compared within each round.

use loadgen::{Load, Scenario as Workload};

use super::comparable::{are_comparable, did_same_work};
use super::figures::{Claim, Pair, Row, Spread};
use super::metric::Metric;
use crate::record::Record;
use crate::servers::Service;
use crate::subject::Role;

impl Pair {
    /// The quotients of a metric of these two subjects, whose records are given; `None` if there are none. What can be
    /// claimed is judged later, when all comparisons of the run are known.
    pub(super) fn of(left: &[&Record], right: &[&Record], metric: Metric) -> Option<Self> {
        let quotient = |record: &&Record| {
            let partner = right.iter().find(|other| other.round == record.round)?;
            let quotient = metric.of(record)? / metric.of(partner)?;
            (are_comparable(record, partner) && quotient.is_finite() && quotient > 0.0)
                .then_some((record.round, quotient))
        };
        let (left_name, right_name) = (&left.first()?.subject, &right.first()?.subject);
        Pair::of_quotients(left_name, right_name, metric, left.iter().filter_map(quotient).collect())
    }

    /// Of these quotients by round.
    pub(super) fn of_quotients(
        left: &str,
        right: &str,
        metric: Metric,
        quotients: Vec<(u32, f64)>,
    ) -> Option<Self> {
        let (spread, p) = Spread::of_quotients(quotients)?;
        Some(Pair {
            left: left.to_owned(),
            right: right.to_owned(),
            metric,
            spread,
            p,
            adjusted_p: None,
            claim: Claim::TooFewRounds,
            has_twin: false,
            is_with_floor: false,
        })
    }

    /// The same comparison from the other side.
    #[must_use]
    pub fn inverted(&self) -> Self {
        Pair {
            left: self.right.clone(),
            right: self.left.clone(),
            spread: self.spread.inverted(),
            claim: match self.claim {
                Claim::Higher => Claim::Lower,
                Claim::Lower => Claim::Higher,
                other => other,
            },
            ..self.clone()
        }
    }

    /// Whether it is of these two subjects, in this order.
    pub(super) fn is_of(&self, left: &str, right: &str, metric: Metric) -> bool {
        self.left == left && self.right == right && self.metric == metric
    }
}

/// The metrics in which subjects are compared under this load. In an open loop the rate is given. In a closed loop the
/// median round trip says the same as the rate.
pub(super) fn compared(load: &Workload, service: Service) -> &'static [Metric] {
    match load.load {
        // What waits for others needs memory meanwhile.
        Load::Open { .. } if service == Service::Primes => {
            &[Metric::CpuPerMessage, Metric::P50, Metric::P99, Metric::PeakMemory]
        }
        Load::Open { .. } => &[Metric::CpuPerMessage, Metric::P50, Metric::P99],
        Load::Churn => &[Metric::CpuPerMessage, Metric::ConnectionsPerSecond, Metric::P99],
        Load::Closed if load.idle > 0 => {
            &[Metric::CpuPerMessage, Metric::MessagesPerSecond, Metric::P99, Metric::MemoryPerConnection]
        }
        Load::Closed => &[Metric::CpuPerMessage, Metric::MessagesPerSecond, Metric::P99],
    }
}

/// All pairs of models, of a model with its variants, of floors of full size, and every subject with what it is divided by: in the order of
/// the rows, the earlier one to the left.
pub(super) fn pairs(rows: &[Row], records: &[&Record], metrics: &[Metric]) -> Vec<Pair> {
    let of = |row: &Row| -> Vec<&Record> {
        records.iter().copied().filter(|record| record.subject == row.subject.name).collect()
    };
    let own: Vec<(&Row, Vec<&Record>)> = rows.iter().map(|row| (row, of(row))).collect();
    let twins = || own.iter().filter(|(row, _)| row.subject.role == Role::Twin);
    let has_twin = |right: &[&Record]| {
        twins().flat_map(|(_, twin)| twin).any(|twin| right.iter().any(|record| did_same_work(twin, record)))
    };
    let mut pairs = Vec::new();
    for (place, (one, left)) in own.iter().enumerate() {
        let divisor = left.iter().find_map(|record| record.divided_by.as_deref());
        // Where the load varies nothing is divided by a floor, but a twin still shows the noise.
        let of_twin = one.subject.floor.as_deref().filter(|_| one.subject.role == Role::Twin);
        let divisor = divisor.or(of_twin);
        let others = own.iter().enumerate().filter(|(other_place, (other, _))| {
            Some(other.subject.name.as_str()) == divisor || (*other_place > place && are_peers(one, other))
        });
        for (_, (other, right)) in others {
            let has_twin = has_twin(right);
            let is_with_floor = Some(other.subject.name.as_str()) == divisor;
            let of_metric =
                |&metric| Some(Pair { has_twin, is_with_floor, ..Pair::of(left, right, metric)? });
            pairs.extend(metrics.iter().filter_map(of_metric));
        }
    }
    pairs
}

/// Whether both are models, or both floors of full size, or the same model with other options.
fn are_peers(one: &Row, other: &Row) -> bool {
    if one.subject.role == Role::Variant || other.subject.role == Role::Variant {
        return one.subject.model == other.subject.model;
    }
    let is_whole = |row: &Row| row.subject.clients.is_none();
    one.subject.role == other.subject.role
        && one.subject.role != Role::Twin
        && is_whole(one)
        && is_whole(other)
}
