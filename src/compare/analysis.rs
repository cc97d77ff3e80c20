//! What the records of a comparison say: a pure function of them. Tables, report and baseline read nothing
//! else.
//!
//! The unit of replication is a trial, a fresh server process in one round. What drifts on the machine is
//! taken out by dividing *within* each round; over the rounds the median is taken, with the exact interval
//! that its order statistics give.

mod statistics;

use hdrhistogram::Histogram;

use super::record::Run;
use super::scenario::{Point, Scenario};
use super::subject::Subject;

pub use statistics::{Interval, median, median_interval};

/// Everything that a comparison says.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What was asked for, and where.
    pub run: Run,
    /// One for each scenario that has records, in the run's order.
    pub scenarios: Vec<ScenarioAnalysis>,
}

/// The answer to one question.
#[derive(Clone, Debug)]
pub struct ScenarioAnalysis {
    /// The question.
    pub scenario: Scenario,
    /// One for each point of its curve that has records, in order; one only if it has no curve.
    pub points: Vec<PointAnalysis>,
}

/// All subjects at one point.
#[derive(Clone, Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// For the cost of a message.
    pub cost: f64,
    /// For messages a second.
    pub rate: f64,
}

/// One subject at one point.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub subject: Subject,
    /// Trials that were made, failed ones too.
    pub trials: u32,
    /// What went wrong, one sentence each.
    pub failures: Vec<String>,
    /// Each metric that was measured, with its value in every round.
    pub metrics: Vec<(Metric, Spread)>,
    /// Latencies of all rounds together, in nanoseconds; not the mean of anything.
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

/// A figure that can be asked of every trial. Units are in [`Metric::unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// From before the first scripted client connects until the last one is over.
    ScriptTime,
    /// Verified messages a second.
    MessagesPerSecond,
    /// Whole connections a second, in churn.
    ConnectionsPerSecond,
    /// Verified reply bytes a second.
    ReplyMegabytesPerSecond,
    /// Percentiles of the round trip (closed loop, churn) or of the response time (open loop).
    P50,
    /// See [`Metric::P50`].
    P90,
    /// See [`Metric::P50`].
    P99,
    /// See [`Metric::P50`].
    P999,
    /// The longest of them.
    Max,
    /// The server's CPU time per message, user and system.
    CpuPerMessage,
    /// The part of it in user mode: from clock ticks, so all rounds together give one value.
    UserCpuPerMessage,
    /// The part of it in system mode, likewise.
    SystemCpuPerMessage,
    /// The most physical memory that the server ever held.
    PeakMemory,
    /// What the server's own memory grows by for each connection.
    MemoryPerConnection,
    /// The server's threads, at the end of the window.
    Threads,
    /// How often the server's threads gave up a CPU or were made to, per message.
    SwitchesPerMessage,
    /// Clients that were served.
    Served,
    /// Clients that were never served beside others that were.
    Starved,
    /// The load generator's CPU time per message.
    ClientCpuPerMessage,
}

/// A value for each round, and what stands for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Round, value.
    pub values: Vec<(u32, f64)>,
    /// Their median.
    pub median: f64,
    /// Where the true median lies, with a confidence of 95 % or more; `None` with fewer than 6 rounds.
    pub interval: Option<Interval>,
}

/// A subject divided by another, within each round.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The subject that it is divided by.
    pub floor: String,
    /// Quotients by round.
    pub spread: Spread,
    /// What may be said.
    pub claim: Claim,
}

/// What may be said of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}
