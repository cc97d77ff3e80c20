//! All subjects at one point of a scenario, alone and compared with each other.

use super::figures::{Claim, Pair, PointAnalysis, Resolution, Row, such_as};
use super::metric::{Better, Metric};
use crate::subject::Role;

impl PointAnalysis {
    /// The subject of this name, if it has records here.
    pub fn row(&self, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.subject.name == subject)
    }

    /// A metric of one subject divided by that of another, if both were compared in it.
    pub fn pair(&self, left: &str, right: &str, metric: Metric) -> Option<Pair> {
        let of_rows = self.rows.iter().flat_map(|row| [&row.cost_ratio, &row.rate_ratio]).flatten();
        let mut pairs = of_rows.chain(&self.pairs);
        pairs.find_map(|pair| match pair {
            _ if pair.is_of(left, right, metric) => Some(pair.clone()),
            _ if pair.is_of(right, left, metric) => Some(pair.inverted()),
            _ => None,
        })
    }

    /// The model that is claimed to be better in this metric than every other one that [competes](Row::competes); `None` if
    /// there is none, or fewer than two compete.
    pub fn best(&self, metric: Metric) -> Option<&Row> {
        let rows = self.rows.iter().filter(|row| row.competes());
        let competitors: Vec<(&Row, f64)> = rows.filter_map(|row| Some((row, row.median(metric)?))).collect();
        let by_value = |one: &&(&Row, f64), other: &&(&Row, f64)| one.1.total_cmp(&other.1);
        let (&(best, _), better) = match metric.better() {
            Better::Lower => (competitors.iter().min_by(by_value)?, Claim::Lower),
            Better::Higher => (competitors.iter().max_by(by_value)?, Claim::Higher),
        };
        let mut others = competitors.iter().filter(|(row, _)| row.subject.name != best.subject.name);
        let is_better = |(other, _): &(&Row, f64)| {
            let pair = self.pair(&best.subject.name, &other.subject.name, metric);
            pair.is_some_and(|pair| pair.claim == better)
        };
        (competitors.len() > 1 && others.all(is_better)).then_some(best)
    }

    /// What the twins show about a metric.
    pub fn resolution(&self, metric: Metric) -> Option<Resolution> {
        self.resolutions.iter().copied().find(|resolution| resolution.metric == metric)
    }

    /// The metric that says how much is done here: connections a second in churn, otherwise messages a second.
    pub fn rate(&self) -> Metric {
        let is_churn = self.rows.iter().any(|row| row.spread(Metric::ConnectionsPerSecond).is_some());
        if is_churn { Metric::ConnectionsPerSecond } else { Metric::MessagesPerSecond }
    }

    /// A clause if windows of the twins, or of the floors that these are divided by, were invalid: then that is why the
    /// noise is unknown.
    pub fn invalid_twins(&self) -> Option<String> {
        let twins = || self.rows.iter().filter(|row| row.subject.role == Role::Twin);
        let floors: Vec<&str> = twins().filter_map(|twin| twin.subject.floor.as_deref()).collect();
        let is_asked =
            |row: &&Row| row.subject.role == Role::Twin || floors.contains(&row.subject.name.as_str());
        let asked: Vec<&Row> = self.rows.iter().filter(is_asked).collect();
        let invalid: u32 = asked.iter().map(|row| row.invalid).sum();
        let all: u32 = asked.iter().map(|row| row.trials).sum();
        (invalid > 0).then(|| {
            let reason = asked.iter().find_map(|row| row.invalid_reason());
            format!(
                "{invalid} of {all} windows of the twins and their floors were invalid{}",
                such_as(reason)
            )
        })
    }
}
