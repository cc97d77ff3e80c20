//! The parts of an analysis.

use hdrhistogram::Histogram;
use loadgen::{Bound, MAX_OTHERS, histogram};
use serde::Serialize;
use serde::ser::{Error, SerializeMap, Serializer};

use super::metric::Metric;
use super::statistics::{Interval, median, median_interval};
use super::student::Mean;
use crate::record::Run;
use crate::scenario::{Point, Scenario};
use crate::subject::{Role, Subject};

/// Fewer quotients have no interval: they do not show whether they scatter evenly.
pub(crate) const FEWEST_ROUNDS: usize = 6;

/// All results of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// What was measured, and on which machine.
    pub run: Run,
    /// One for each scenario that has records, in the run's order.
    pub scenarios: Vec<ScenarioAnalysis>,
    /// How many comparisons the run makes: those from which something could be claimed.
    pub comparisons: usize,
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioAnalysis {
    /// The question.
    pub scenario: Scenario,
    /// One for each point of its curve that has records, in order; only one if it has no curve.
    pub points: Vec<PointAnalysis>,
    /// Where idle clients vary: how the cost of a message grows with them, for each subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub growths: Vec<Growth>,
    /// Where big requests in work vary: how long small ones wait behind them, for each subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stalls: Vec<Stall>,
    /// Where the size of the work varies: from which size on it pays to hand it to another thread.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crossings: Vec<Crossing>,
}

/// A subject's CPU time per message at the last point of a curve, divided by that at the first one, within each round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// The first point.
    pub from: Point,
    /// The last one.
    pub to: Point,
    /// The quotients. Both sides have the subject's name.
    #[serde(flatten)]
    pub pair: Pair,
}

/// The 99th percentile of small requests at a point, as a multiple of the wait that counts as a stall, within each round:
/// half of the time that a big request takes alone, by the median of the same subject in the same round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stall {
    /// The point.
    pub point: Point,
    /// The quotients. Both sides have the subject's name.
    #[serde(flatten)]
    pub pair: Pair,
}

/// From which size of the work on it pays to hand it to another thread, by the rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// The model that does the work where it stands.
    pub here: String,
    /// The model that hands it over.
    pub beside: String,
    /// The largest size up to which, at each one, `here` is claimed to be faster.
    pub until: Option<Point>,
    /// The smallest size from which on, at each one, `beside` is claimed to be faster.
    pub from: Option<Point>,
    /// The number of divisions at which both are as fast, by round: between the two sizes around it, on a straight line in
    /// logarithms. Absent if most rounds have no such place.
    pub divisions: Option<Spread>,
    /// The CPU time of a division in nanoseconds: that of `here` at the largest size, where nothing else takes time.
    pub division_ns: Option<f64>,
}

/// All subjects at one point.
#[derive(Clone, Debug, Serialize)]
pub struct PointAnalysis {
    /// The point of the curve.
    pub point: Point,
    /// One for each subject that has records here, in the run's order.
    pub rows: Vec<Row>,
    /// What the twins show; empty without a twin, or with too few rounds for its interval.
    pub resolutions: Vec<Resolution>,
    /// Subjects compared with each other: all models, all floors of full size, and every subject with its floor. The
    /// cost and the rate of a subject and its floor are in its [`Row`].
    pub pairs: Vec<Pair>,
}

/// What the twins of a point show about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// The metric.
    pub metric: Metric,
    /// How far two runs of the same program differ: the widest bound of all twins' intervals, as a factor of 1 or more.
    pub noise: f64,
    /// The factor, of 1 or more, from which on a difference is claimed, between subjects whose rounds scatter as those of
    /// the twins: depends on the rounds, and on the number of comparisons that the run makes.
    pub claimed_from: f64,
}

/// One subject at one point.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The subject.
    pub subject: Subject,
    /// Trials, including failed ones.
    pub trials: u32,
    /// Trials whose figures the load generator calls invalid; no ratio is taken from these.
    pub invalid: u32,
    /// Trials that are neither failed nor invalid.
    pub valid: u32,
    /// Trials in which other programs took too much of the CPUs; these are invalid, too.
    pub disturbed: u32,
    /// Failures, one sentence each.
    pub failures: Vec<String>,
    /// Each metric that was measured, with its value in every round.
    #[serde(serialize_with = "as_map")]
    pub metrics: Vec<(Metric, Spread)>,
    /// Latencies of all rounds together, in nanoseconds; not a mean.
    #[serde(serialize_with = "as_text")]
    pub latency_ns: Option<Histogram<u64>>,
    /// CPU time per message as a multiple of the floor's.
    pub cost_ratio: Option<Pair>,
    /// Messages (in churn: connections) a second as a multiple of the floor's.
    pub rate_ratio: Option<Pair>,
    /// The verdicts of the rounds and their counts, the most frequent first.
    pub verdicts: Vec<(loadgen::Bound, u32)>,
    /// The verdict of each round that has one.
    #[serde(skip)]
    pub judged: Vec<(u32, loadgen::Bound)>,
    /// The first reason given for the most frequent verdict.
    pub reason: Option<String>,
}

/// A value for each round, and their summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Round, value; empty where all rounds together give one value, which is then the median.
    pub values: Vec<(u32, f64)>,
    /// Their median; that of quotients is their trimmed geometric mean.
    pub center: f64,
    /// Where the true center lies, with a confidence of 95 % or more; `None` with fewer than 6 rounds.
    pub interval: Option<Interval>,
}

/// Two subjects at the same point: the left one's figure divided by the right one's, within each round in which both
/// have a valid trial with the same work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The subject whose figure is divided.
    pub left: String,
    /// The subject that it is divided by.
    pub right: String,
    /// The figure.
    pub metric: Metric,
    /// Quotients by round, their trimmed geometric mean, and its interval.
    pub spread: Spread,
    /// The probability of quotients as far from 1 as these if the two do not differ; `None` with too few rounds.
    pub p: Option<f64>,
    /// The same, corrected for the number of comparisons that the run makes; `None` where no claim can be made.
    pub adjusted_p: Option<f64>,
    /// What can be claimed.
    pub claim: Claim,
    /// Whether a twin did the same work at this point.
    #[serde(skip)]
    pub(super) has_twin: bool,
    /// Whether the right one is what the left one is divided by in tables.
    #[serde(skip)]
    pub(super) is_with_floor: bool,
}

/// What can be claimed about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// It is more than 1: the interval excludes 1 and the whole range that the twins show.
    Higher,
    /// It is less than 1, likewise.
    Lower,
    /// Nothing: the interval includes 1.
    NoDifference,
    /// Nothing: the interval excludes 1, but not what the twins show.
    WithinNoise,
    /// Nothing: the interval excludes 1 and what the twins show, but among as many comparisons as the run makes, some
    /// such interval is to be expected.
    OneOfMany,
    /// Nothing: there is no interval, for the subject or for a twin.
    TooFewRounds,
    /// Nothing: no twin did the same work, so the difference between two runs of this load is unknown.
    NoTwin,
}

impl Analysis {
    /// The scenario of this name, if it has records.
    pub fn scenario(&self, name: &str) -> Option<&ScenarioAnalysis> {
        self.scenarios.iter().find(|scenario| scenario.scenario.name == name)
    }

    /// A sentence if other programs disturbed some windows of this run.
    pub fn disturbance(&self) -> Option<String> {
        let loads = self.scenarios.iter().filter(|scenario| scenario.scenario.load.is_some());
        let rows: Vec<&Row> = loads.flat_map(|load| &load.points).flat_map(|point| &point.rows).collect();
        let disturbed: u32 = rows.iter().map(|row| row.disturbed).sum();
        let all: u32 = rows.iter().map(|row| row.trials).sum();
        (disturbed > 0).then(|| {
            format!(
                "Other programs disturbed {disturbed} of {all} windows: they took more than {:.0} % of the CPUs. \
                 These windows are invalid, and no ratio is taken from them.",
                100.0 * MAX_OTHERS
            )
        })
    }
}

impl ScenarioAnalysis {
    /// The pairs that are not of two subjects at one point, each with the points that it is about.
    pub(super) fn beside(&self) -> impl Iterator<Item = (&Pair, [Point; 2])> {
        let growths = self.growths.iter().map(|growth| (&growth.pair, [growth.from, growth.to]));
        growths.chain(self.stalls.iter().map(|stall| (&stall.pair, [stall.point, stall.point])))
    }

    /// The same pairs, to be judged.
    pub(super) fn beside_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        let growths = self.growths.iter_mut().map(|growth| &mut growth.pair);
        growths.chain(self.stalls.iter_mut().map(|stall| &mut stall.pair))
    }
}

impl Row {
    /// Of a subject that was not measured.
    #[cfg(test)]
    pub(super) fn without_figures(subject: Subject) -> Self {
        Row {
            subject,
            trials: 0,
            invalid: 0,
            valid: 0,
            disturbed: 0,
            failures: Vec::new(),
            metrics: Vec::new(),
            latency_ns: None,
            cost_ratio: None,
            rate_ratio: None,
            verdicts: Vec::new(),
            judged: Vec::new(),
            reason: None,
        }
    }

    /// The spread of a metric, if it was measured.
    pub fn spread(&self, metric: Metric) -> Option<&Spread> {
        self.metrics.iter().find(|(of, _)| *of == metric).map(|(_, spread)| spread)
    }

    /// The median of a metric over the rounds, in [`Metric::unit`], if it was measured.
    pub fn median(&self, metric: Metric) -> Option<f64> {
        self.spread(metric).map(|spread| spread.center)
    }

    /// A clause if no window was valid, and some were invalid: then nothing is claimed from its figures.
    pub fn without_valid(&self) -> Option<String> {
        (self.valid == 0 && self.invalid > 0)
            .then(|| format!("no window was valid{}", such_as(self.invalid_reason())))
    }

    /// Whether most of its trials were at the load generator's limit, so that its rate and its latency are that one's.
    pub fn is_client_bound(&self) -> bool {
        self.verdicts.first().is_some_and(|(bound, _)| *bound == Bound::Client)
    }

    /// Whether it competes for the best figure: a model in which nothing failed, no client starved (serving one of fifty
    /// is fast), and some window was valid.
    pub fn competes(&self) -> bool {
        self.subject.role == Role::Model
            && self.failures.is_empty()
            && self.valid > 0
            && self.median(Metric::Starved).is_none_or(|starved| starved == 0.0)
    }

    /// The first reason why a window was invalid, if most were.
    pub(super) fn invalid_reason(&self) -> Option<&str> {
        let (most_frequent, _) = self.verdicts.first()?;
        self.reason.as_deref().filter(|_| *most_frequent == Bound::Invalid)
    }
}

/// The reason in brackets, if there is one.
pub(super) fn such_as(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" (such as: {reason})")).unwrap_or_default()
}

impl Spread {
    /// The spread of these values by round; `None` without any.
    pub fn of(values: Vec<(u32, f64)>) -> Option<Self> {
        let plain: Vec<f64> = values.iter().map(|&(_, value)| value).collect();
        Some(Spread { center: median(&plain)?, interval: median_interval(&plain), values })
    }

    /// The spread of these quotients by round, and the probability of such quotients if nothing differs, which is
    /// unknown if there are too few of them; `None` without any.
    pub(super) fn of_quotients(values: Vec<(u32, f64)>) -> Option<(Self, Option<f64>)> {
        let logarithms: Vec<f64> = values.iter().map(|&(_, value)| value.ln()).collect();
        let mean = Mean::of(&logarithms);
        let center = mean.map_or(*logarithms.first()?, |mean| mean.value).exp();
        let enough = mean.filter(|_| values.len() >= FEWEST_ROUNDS);
        let interval = enough.map(|mean| mean.interval().map(f64::exp));
        Some((Spread { values, center, interval }, enough.map(|mean| mean.p_of_zero())))
    }

    /// The mean of the logarithms of these quotients.
    pub(super) fn mean_of_logarithms(&self) -> Option<Mean> {
        let logarithms: Vec<f64> = self.values.iter().map(|&(_, value)| value.ln()).collect();
        Mean::of(&logarithms)
    }

    /// The spread of the inverse quotients.
    pub(super) fn inverted(&self) -> Self {
        Spread {
            values: self.values.iter().map(|&(round, value)| (round, 1.0 / value)).collect(),
            center: 1.0 / self.center,
            interval: self
                .interval
                .map(|Interval { low, high }| Interval { low: 1.0 / high, high: 1.0 / low }),
        }
    }
}

impl Claim {
    /// Whether a difference is claimed.
    pub fn is_difference(self) -> bool {
        matches!(self, Claim::Higher | Claim::Lower)
    }
}

/// Metrics by name, each with its unit.
fn as_map<S: Serializer>(metrics: &[(Metric, Spread)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct WithUnit<'spread> {
        unit: &'static str,
        #[serde(flatten)]
        spread: &'spread Spread,
    }
    let mut map = serializer.serialize_map(Some(metrics.len()))?;
    for (metric, spread) in metrics {
        map.serialize_entry(metric, &WithUnit { unit: metric.unit(), spread })?;
    }
    map.end()
}

/// A histogram as in the records: `HdrHistogram`'s V2 encoding, deflated, in base64.
#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_text<S: Serializer>(latency_ns: &Option<Histogram<u64>>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = latency_ns.as_ref().map(histogram::encode).transpose().map_err(S::Error::custom)?;
    text.serialize(serializer)
}
