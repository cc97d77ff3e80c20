//! What the records of a comparison say: a pure function of them. Tables, report and baseline read nothing
//! else.
//!
//! The unit of replication is a trial, a fresh server process in one round. What drifts on the machine is
//! taken out by dividing *within* each round; over the rounds the median is taken, with the exact interval
//! that its order statistics give.
//!
//! Which trials count was decided before any was made, and none is left out for its figures:
//!
//! - A trial that failed, or in which a reply was wrong or missing, has no figures. It is counted in
//!   [`Row::trials`] and told in [`Row::failures`].
//! - A trial that the load generator calls [invalid](loadgen::Bound::Invalid) (a rate that was not kept, CPU time
//!   stolen by other machines, figures that contradict each other) keeps its figures, because leaving
//!   out the rounds in which a server could not keep up would flatter it. It is counted in
//!   [`Row::invalid`], and no ratio is taken from it.
//! - A ratio needs two valid trials of one round that did the same work: the same load, and as many clients
//!   served. 49 starved clients beside none are another load.

mod metric;
mod ratio;
mod row;
mod statistics;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::record::{Comparison, Record, Run};
use crate::scenario::{Point, Scenario};
use crate::subject::{Role, Subject};

pub use metric::{Better, Metric};
pub use statistics::{Interval, median, median_interval};

/// What the records say.
pub fn analyse(comparison: &Comparison) -> Analysis {
    let Comparison { run, records } = comparison;
    let scenarios = run.scenarios.iter().map(|scenario| {
        let records: Vec<&Record> =
            records.iter().filter(|record| record.scenario == scenario.name).collect();
        let points = scenario.points().into_iter().map(|point| at_point(run, point, &records));
        ScenarioAnalysis {
            scenario: scenario.clone(),
            points: points.filter(|point| !point.rows.is_empty()).collect(),
        }
    });
    Analysis {
        run: run.clone(),
        scenarios: scenarios.filter(|scenario| !scenario.points.is_empty()).collect(),
    }
}

/// Everything that a comparison says.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// What was asked for, and where.
    pub run: Run,
    /// One for each scenario that has records, in the run's order.
    pub scenarios: Vec<ScenarioAnalysis>,
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioAnalysis {
    /// The question.
    pub scenario: Scenario,
    /// One for each point of its curve that has records, in order; one only if it has no curve.
    pub points: Vec<PointAnalysis>,
}

/// All subjects at one point.
#[derive(Clone, Debug, Serialize)]
pub struct PointAnalysis {
    /// Where on the curve.
    pub point: Point,
    /// One for each subject that has records here, in the run's order.
    pub rows: Vec<Row>,
    /// What the twins show of the noise; `None` without a twin, or with too few rounds for its interval.
    pub noise: Option<Noise>,
}

/// How far two runs of the very same thing lay apart: the widest bound of all twins' intervals, as a factor of
/// 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// For the cost of a message.
    pub cost: f64,
    /// For messages a second.
    pub rate: f64,
}

/// One subject at one point.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Who.
    pub subject: Subject,
    /// Trials that were made, failed ones too.
    pub trials: u32,
    /// Those among them whose figures the load generator calls invalid; no ratio is taken from these.
    pub invalid: u32,
    /// What went wrong, one sentence each.
    pub failures: Vec<String>,
    /// Each metric that was measured, with its value in every round.
    #[serde(serialize_with = "metric::as_map")]
    pub metrics: Vec<(Metric, Spread)>,
    /// Latencies of all rounds together, in nanoseconds; not the mean of anything.
    #[serde(serialize_with = "row::as_text")]
    pub latency_ns: Option<Histogram<u64>>,
    /// CPU time per message as a multiple of the floor's.
    pub cost_ratio: Option<Ratio>,
    /// Messages (in churn: connections) a second as a multiple of the floor's.
    pub rate_ratio: Option<Ratio>,
    /// Whose limit the rounds found, and how often: the most frequent first.
    pub verdicts: Vec<(loadgen::Bound, u32)>,
    /// The reason that was given for the most frequent verdict, first time.
    pub reason: Option<String>,
}

/// A value for each round, and what stands for all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Round, value; empty where all rounds together give one value, which is then the median.
    pub values: Vec<(u32, f64)>,
    /// Their median.
    pub median: f64,
    /// Where the true median lies, with a confidence of 95 % or more; `None` with fewer than 6 rounds.
    pub interval: Option<Interval>,
}

/// A subject divided by another, within each round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The subject that it is divided by.
    pub floor: String,
    /// Quotients by round.
    pub spread: Spread,
    /// What may be said.
    pub claim: Claim,
}

/// What may be said of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// It is more than 1: the interval excludes 1 and everything that the twins show.
    Higher,
    /// It is less than 1, likewise.
    Lower,
    /// Nothing: the interval includes 1.
    NoDifference,
    /// Nothing: the interval excludes 1, but not what the twins show.
    WithinNoise,
    /// Nothing: there is no interval, for the subject or for a twin.
    TooFewRounds,
    /// Nothing: its floor has no twin, so how much two runs of such a load differ is not known.
    NoTwin,
}

/// All subjects at one point of the scenario that the records are of.
fn at_point(run: &Run, point: Point, records: &[&Record]) -> PointAnalysis {
    let records: Vec<&Record> = records.iter().copied().filter(|record| record.point == point).collect();
    let rows = run.subjects.iter().filter_map(|subject| row::row(subject, &records));
    let mut point = PointAnalysis { point, rows: rows.collect(), noise: None };
    point.noise = ratio::noise(&point.rows, |row| row.subject.role == Role::Twin);
    ratio::judge(&mut point);
    point
}

impl Analysis {
    /// The scenario of this name, if it has records.
    pub fn scenario(&self, name: &str) -> Option<&ScenarioAnalysis> {
        self.scenarios.iter().find(|scenario| scenario.scenario.name == name)
    }
}

impl PointAnalysis {
    /// The subject of this name, if it has records here.
    pub fn row(&self, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.subject.name == subject)
    }
}

impl Row {
    /// The spread of a metric, if it was measured.
    pub fn spread(&self, metric: Metric) -> Option<&Spread> {
        self.metrics.iter().find(|(of, _)| *of == metric).map(|(_, spread)| spread)
    }

    /// The median of a metric over the rounds, in [`Metric::unit`], if it was measured.
    pub fn median(&self, metric: Metric) -> Option<f64> {
        self.spread(metric).map(|spread| spread.median)
    }
}

impl Spread {
    /// The spread of these values by round; `None` without any.
    pub fn of(values: Vec<(u32, f64)>) -> Option<Self> {
        let plain: Vec<f64> = values.iter().map(|&(_, value)| value).collect();
        Some(Spread { median: median(&plain)?, interval: median_interval(&plain), values })
    }
}

impl Claim {
    /// Whether a difference is claimed.
    pub fn is_difference(self) -> bool {
        matches!(self, Claim::Higher | Claim::Lower)
    }
}

#[cfg(test)]
mod tests;
