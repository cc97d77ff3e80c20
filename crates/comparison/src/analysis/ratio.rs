//! A subject divided by another within each round, and what can be claimed about the ratio.

use loadgen::{Dialect, Load, Scenario};

use super::figures::{Claim, Noise, PointAnalysis, Ratio, Row, Spread};
use super::metric::Metric;
use crate::record::{Observed, Record};
use crate::subject::Role;

/// The quotients of a metric, in every round in which both sides can be compared; `None` if there are none.
/// The claim is judged later.
pub(super) fn ratio(own: &[&Record], all: &[&Record], metric: Metric) -> Option<Ratio> {
    let floor = own.iter().find_map(|record| record.divided_by.clone())?;
    let quotient = |record: &&Record| {
        let is_partner = |other: &&&Record| {
            other.round == record.round && record.divided_by.as_deref() == Some(other.subject.as_str())
        };
        let partner = all.iter().find(is_partner)?;
        let quotient = metric.of(record)? / metric.of(partner)?;
        (are_comparable(record, partner) && quotient.is_finite() && quotient > 0.0)
            .then_some((record.round, quotient))
    };
    let spread = Spread::of(own.iter().filter_map(quotient).collect())?;
    Some(Ratio { floor, spread, claim: Claim::TooFewRounds })
}

/// Whether both trials are valid and did the same work.
fn are_comparable(one: &Record, other: &Record) -> bool {
    let (Observed::Load { outcome: left, .. }, Observed::Load { outcome: right, .. }) =
        (&one.observed, &other.observed)
    else {
        return false;
    };
    // In churn `served` counts all clients served in the window, so `starved` is compared instead. The same beside
    // idle clients: raw echo sends no greeting, and counts only clients that send as served.
    let counts_others = |load: &Scenario| load.load == Load::Churn || load.idle > 0;
    let is_served_alike = if one.load.as_ref().is_some_and(counts_others) {
        left.starved == right.starved
    } else {
        left.served == right.served
    };
    let is_right = left.errors.is_empty() && right.errors.is_empty();
    is_right && one.is_valid() && other.is_valid() && is_served_alike && is_same_work(one, other)
}

/// Whether both had the same load, apart from the dialect and from clients that are not served in any case.
fn is_same_work(one: &Record, other: &Record) -> bool {
    let work = |record: &Record| {
        record.load.clone().map(|load| Scenario {
            dialect: Dialect::default(),
            connections: 0,
            threads: 0,
            ..load
        })
    };
    work(one) == work(other)
}

/// The widest bounds of the chosen rows' intervals; `None` if none of the rows has both.
pub(super) fn noise(rows: &[Row], is_chosen: impl Fn(&Row) -> bool) -> Option<Noise> {
    let bound = |ratio: &Option<Ratio>| {
        let interval = ratio.as_ref()?.spread.interval?;
        Some(interval.low.ln().abs().max(interval.high.ln().abs()).exp())
    };
    let bounds = rows
        .iter()
        .filter(|row| is_chosen(row))
        .filter_map(|row| Some(Noise { cost: bound(&row.cost_ratio)?, rate: bound(&row.rate_ratio)? }));
    bounds.reduce(|one, other| Noise { cost: one.cost.max(other.cost), rate: one.rate.max(other.rate) })
}

/// Says of every ratio at a point what may be claimed: nothing where the divisor has no twin. A twin is judged by the
/// noise of the other twins: by its own it could never differ.
pub(super) fn judge(point: &mut PointAnalysis) {
    let noise_for: Vec<Option<Noise>> = point
        .rows
        .iter()
        .map(|row| match row.subject.role {
            Role::Twin => {
                let is_other =
                    |other: &Row| other.subject.role == Role::Twin && other.subject.name != row.subject.name;
                Some(noise(&point.rows, is_other).unwrap_or(Noise { cost: 1.0, rate: 1.0 }))
            }
            Role::Model | Role::Floor => point.noise,
        })
        .collect();
    let has_twin: Vec<String> = twins(point).filter_map(|twin| twin.subject.floor.clone()).collect();
    for (row, noise) in point.rows.iter_mut().zip(noise_for) {
        for (ratio, noise) in [
            (&mut row.cost_ratio, noise.map(|noise| noise.cost)),
            (&mut row.rate_ratio, noise.map(|noise| noise.rate)),
        ] {
            if let Some(ratio) = ratio {
                ratio.claim =
                    if has_twin.contains(&ratio.floor) { claim(&ratio.spread, noise) } else { Claim::NoTwin };
            }
        }
    }
}

fn twins(point: &PointAnalysis) -> impl Iterator<Item = &Row> {
    point.rows.iter().filter(|row| row.subject.role == Role::Twin)
}

fn claim(spread: &Spread, noise: Option<f64>) -> Claim {
    let Some((interval, noise)) = spread.interval.zip(noise) else { return Claim::TooFewRounds };
    if interval.low > noise {
        Claim::Higher
    } else if interval.high < 1.0 / noise {
        Claim::Lower
    } else if interval.low > 1.0 || interval.high < 1.0 {
        Claim::WithinNoise
    } else {
        Claim::NoDifference
    }
}
