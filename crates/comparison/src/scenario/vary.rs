//! What differs from point to point of a scenario, and its load at each.

use std::fmt;

use anyhow::{Context, Result, ensure};
use loadgen::{Dialect, Load, Numbers, Share};
use serde::{Deserialize, Serialize};

use super::Scenario;

/// What differs from point to point of a scenario; one of the six.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Vary {
    /// Connections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<u64>,
    /// Idle clients, beside those that send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub idle: Vec<u64>,
    /// Big requests in work, beside small ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub big: Vec<u64>,
    /// The prime that is tested, and so the size of the work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub number: Vec<u64>,
    /// Messages a second of an open loop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rate: Vec<u64>,
    /// The same, as a share of the model's last rate in the scenario `peak_of`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub percent_of_peak: Vec<u64>,
    /// A closed loop that comes before this scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_of: Option<String>,
}

/// The point of its scenario's curve at which a trial is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The scenario has no curve.
    Only,
    /// This many connections.
    Connections(u64),
    /// This many idle clients, beside those that send.
    Idle(u64),
    /// This many big requests in work.
    Big(u64),
    /// Each request tests this prime.
    Number(u64),
    /// This many messages a second, from all connections together.
    Rate(u64),
    /// A rate that is this share of the model's own peak.
    PercentOfPeak(u64),
}

/// How many divisions the test of this prime makes: one for each odd number up to its root.
pub const fn divisions(prime: u64) -> u64 {
    prime.isqrt().saturating_sub(1).div_ceil(2)
}

impl fmt::Display for Point {
    /// A few words, such as `64 connections`; empty without a curve.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Point::Only => Ok(()),
            Point::Connections(1) => formatter.write_str("1 connection"),
            Point::Connections(count) => write!(formatter, "{count} connections"),
            Point::Idle(1) => formatter.write_str("1 idle client"),
            Point::Idle(count) => write!(formatter, "{count} idle clients"),
            Point::Big(1) => formatter.write_str("1 big request in work"),
            Point::Big(count) => write!(formatter, "{count} big requests in work"),
            Point::Number(number) => write!(formatter, "{} divisions", divisions(*number)),
            Point::Rate(rate) => write!(formatter, "{rate} messages/s"),
            Point::PercentOfPeak(percent) => write!(formatter, "{percent} % of its peak"),
        }
    }
}

impl Scenario {
    /// The points, in the order in which they are measured.
    pub fn points(&self) -> Vec<Point> {
        let Some(vary) = &self.vary else { return vec![Point::Only] };
        let connections = vary.connections.iter().map(|&count| Point::Connections(count));
        let idle = vary.idle.iter().map(|&count| Point::Idle(count));
        let big = vary.big.iter().map(|&count| Point::Big(count));
        let numbers = vary.number.iter().map(|&number| Point::Number(number));
        let rates = vary.rate.iter().map(|&rate| Point::Rate(rate));
        let shares = vary.percent_of_peak.iter().map(|&percent| Point::PercentOfPeak(percent));
        connections.chain(idle).chain(big).chain(numbers).chain(rates).chain(shares).collect()
    }

    /// The load at one point; `peak` is the model's rate in messages a second, needed if the point is
    /// a share of it. `None` if there is no load, or no peak.
    pub fn load_at(&self, point: Point, peak: Option<f64>) -> Option<loadgen::Scenario> {
        let mut load = loadgen::Scenario { name: self.name.clone(), ..self.load.clone()? };
        if !self.service.is_echo() {
            load.dialect = Dialect::Primes;
        }
        match point {
            Point::Only => {}
            Point::Big(count) => {
                let big = load.kinds.iter_mut().find(|kind| matches!(kind.share, Share::Clients(_)))?;
                big.share = Share::Clients(usize::try_from(count).ok()?);
            }
            Point::Number(number) => load.kinds.first_mut()?.numbers = Numbers::Given(vec![number]),
            Point::Connections(count) => load.connections = usize::try_from(count).ok()?,
            Point::Idle(count) => load.idle = usize::try_from(count).ok()?,
            Point::Rate(asked) => set_rate(&mut load, asked),
            Point::PercentOfPeak(percent) => set_rate(&mut load, share(peak?, percent)),
        }
        Some(load)
    }
}

impl Vary {
    pub(super) fn validate(&self, scenario: &Scenario, before: &[Scenario]) -> Result<()> {
        let kinds =
            [&self.connections, &self.idle, &self.big, &self.number, &self.rate, &self.percent_of_peak];
        ensure!(
            kinds.iter().filter(|values| !values.is_empty()).count() == 1,
            "`vary` takes exactly one thing"
        );
        let is_open = scenario.load.as_ref().is_some_and(|load| matches!(load.load, Load::Open { .. }));
        ensure!(
            is_open || self.rate.is_empty() && self.percent_of_peak.is_empty(),
            "only the rate of an open loop can vary; set `load.kind = \"open\"`"
        );
        let has_big =
            |load: &loadgen::Scenario| load.kinds.iter().any(|kind| matches!(kind.share, Share::Clients(_)));
        ensure!(
            self.big.is_empty() || scenario.load.as_ref().is_some_and(has_big),
            "`vary.big` needs a kind of requests on connections of its own: `share = {{ clients = 1 }}`"
        );
        let Some(name) = &self.peak_of else {
            ensure!(self.percent_of_peak.is_empty(), "`percent_of_peak` needs `peak_of`");
            return Ok(());
        };
        let peak = before.iter().find(|other| other.name == *name);
        let peak =
            peak.with_context(|| format!("`peak_of` names {name:?}, which is not defined before it"))?;
        ensure!(
            peak.vary.is_none()
                && peak.variants.is_empty()
                && peak.load.as_ref().is_some_and(|load| load.load == Load::Closed),
            "`peak_of` must name a closed loop without `vary` and `variants`, but names {name:?}"
        );
        Ok(())
    }
}

fn set_rate(load: &mut loadgen::Scenario, asked: u64) {
    if let Load::Open { rate, .. } = &mut load.load {
        *rate = asked;
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "percents are small, and a negative or huge rate is refused when the load is validated"
)]
fn share(peak: f64, percent: u64) -> u64 {
    ((peak * percent as f64 / 100.0).round() as u64).max(1)
}
