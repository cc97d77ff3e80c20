//! One subject at one point: the figures of its rounds.

use hdrhistogram::Histogram;
use loadgen::{Bound, histogram};

use super::figures::{Row, Spread};
use super::metric::Metric;
use crate::record::{Observed, Record};
use crate::subject::Subject;

/// The figures of a subject from the records of one point, without ratios; `None` if it has no record there.
pub(super) fn row(subject: &Subject, records: &[&Record]) -> Option<Row> {
    let own: Vec<&Record> = records.iter().copied().filter(|record| record.subject == subject.name).collect();
    if own.is_empty() {
        return None;
    }
    let right: Vec<&Record> = own.iter().copied().filter(|record| record.observed.is_right()).collect();
    let mut failures: Vec<String> = own.iter().flat_map(|record| failures(record)).collect();
    let latency_ns = latency(&right, &mut failures);
    let verdicts = verdicts(&own);
    let most_frequent = verdicts.first().map(|(bound, _)| *bound);
    let reason = own.iter().filter_map(|record| record.verdict());
    Some(Row {
        subject: subject.clone(),
        trials: count(own.len()),
        invalid: verdicts
            .iter()
            .filter(|(bound, _)| *bound == Bound::Invalid)
            .map(|(_, rounds)| rounds)
            .sum(),
        valid: count(right.iter().filter(|record| record.is_valid()).count()),
        disturbed: count(own.iter().filter(|record| record.taken_by_others().is_some()).count()),
        failures,
        metrics: metrics(&right),
        latency_ns,
        cost_ratio: None,
        rate_ratio: None,
        reason: reason
            .filter(|verdict| Some(verdict.bound) == most_frequent)
            .map(|verdict| verdict.reason.clone())
            .next(),
        verdicts,
        judged: own.iter().filter_map(|record| Some((record.round, record.verdict()?.bound))).collect(),
    })
}

/// Every metric that these trials have, in the order of [`Metric::ALL`].
fn metrics(records: &[&Record]) -> Vec<(Metric, Spread)> {
    let by_round = |metric: Metric| {
        let value = |record: &&Record| Some((record.round, metric.of(record)?));
        Spread::of(records.iter().filter_map(value).collect())
    };
    let pooled = pooled_cpu(records);
    let spread = |metric: Metric| match (metric, pooled) {
        (Metric::UserCpuPerMessage, Some((user, _))) => Some(one_value(user)),
        (Metric::SystemCpuPerMessage, Some((_, system))) => Some(one_value(system)),
        _ => by_round(metric),
    };
    Metric::ALL.into_iter().filter_map(|metric| Some((metric, spread(metric)?))).collect()
}

/// CPU time per message in user and in system mode. Ticks of 10 ms are too coarse for one round, so all rounds' are
/// added up; they share out the CPU time that the scheduler counted to the nanosecond.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
fn pooled_cpu(records: &[&Record]) -> Option<(f64, f64)> {
    let (mut user, mut system, mut cpu, mut messages) = (0, 0, 0, 0);
    for record in records {
        if let Observed::Load { outcome, usage: Some(usage), .. } = &record.observed {
            user += usage.user_ns;
            system += usage.system_ns;
            cpu += usage.cpu_ns;
            messages += outcome.messages + outcome.drained;
        }
    }
    let ticks = user + system;
    (ticks > 0 && messages > 0).then(|| {
        let per_message = cpu as f64 / messages as f64;
        let share = user as f64 / ticks as f64;
        (per_message * share, per_message * (1.0 - share))
    })
}

fn one_value(median: f64) -> Spread {
    Spread { values: Vec::new(), center: median, interval: None }
}

/// The latencies of all rounds in one histogram. One that cannot be read is a failure.
fn latency(records: &[&Record], failures: &mut Vec<String>) -> Option<Histogram<u64>> {
    let mut sum: Option<Histogram<u64>> = None;
    for record in records {
        let Observed::Load { latency_histogram: Some(text), .. } = &record.observed else { continue };
        let added = histogram::decode(text).and_then(|one| {
            match &mut sum {
                // Auto-resizing: rounds may differ in their longest latency.
                None => sum = Some(resizing(&one)),
                Some(sum) => sum.add(&one)?,
            }
            Ok(())
        });
        if let Err(error) = added {
            failures.push(format!("round {}: its latencies cannot be read: {error:#}", record.round));
        }
    }
    sum.filter(|sum| !sum.is_empty())
}

fn resizing(histogram: &Histogram<u64>) -> Histogram<u64> {
    let mut histogram = histogram.clone();
    histogram.auto(true);
    histogram
}

/// The verdicts of the rounds, the most frequent first.
fn verdicts(records: &[&Record]) -> Vec<(Bound, u32)> {
    let mut verdicts: Vec<(Bound, u32)> = Vec::new();
    for bound in records.iter().filter_map(|record| record.verdict()).map(|verdict| verdict.bound) {
        match verdicts.iter_mut().find(|(known, _)| *known == bound) {
            Some((_, rounds)) => *rounds += 1,
            None => verdicts.push((bound, 1)),
        }
    }
    verdicts.sort_by_key(|&(_, rounds)| std::cmp::Reverse(rounds));
    verdicts
}

/// The failures of a trial, one sentence each.
fn failures(record: &Record) -> Vec<String> {
    let sentences = match &record.observed {
        Observed::Script { failures, .. } => failures.clone(),
        Observed::Load { outcome, .. } if outcome.errors.is_empty() => Vec::new(),
        Observed::Load { outcome, .. } => {
            let first = outcome.errors.first.iter().map(|first| format!("; the first: {first}"));
            vec![format!("{}{}", outcome.errors, first.collect::<String>())]
        }
        Observed::Failed { error } => vec![error.clone()],
    };
    sentences.into_iter().map(|sentence| format!("round {}: {sentence}", record.round)).collect()
}

impl Record {
    /// The load generator's judgement.
    pub(crate) fn verdict(&self) -> Option<&loadgen::Verdict> {
        match &self.observed {
            Observed::Load { outcome, .. } => outcome.verdict.as_ref(),
            Observed::Script { .. } | Observed::Failed { .. } => None,
        }
    }

    /// Whether the load generator does not call it invalid.
    pub(super) fn is_valid(&self) -> bool {
        self.verdict().is_none_or(|verdict| verdict.bound != Bound::Invalid)
    }
}

fn count(trials: usize) -> u32 {
    u32::try_from(trials).unwrap_or(u32::MAX)
}
