//! What churn counts besides messages: whole connections.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::times::{histogram, record};
use crate::outcome::{Churned, Latency};

#[derive(Clone, Debug)]
pub(crate) struct ChurnTally {
    completed: u64,
    drained: u64,
    greeting_ns: Histogram<u64>,
    life_ns: Histogram<u64>,
}

impl ChurnTally {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(ChurnTally { completed: 0, drained: 0, greeting_ns: histogram()?, life_ns: histogram()? })
    }

    pub(super) fn greeted(&mut self, opened: Instant, now: Instant) {
        record(&mut self.greeting_ns, now.saturating_duration_since(opened), 1);
    }

    /// As with messages: a connection that ends in the window counts, one that started in it is timed.
    pub(super) fn ended(&mut self, opened: Instant, now: Instant, since: Instant, is_drained: bool) {
        *(if is_drained { &mut self.drained } else { &mut self.completed }) += 1;
        if opened >= since {
            record(&mut self.life_ns, now.saturating_duration_since(opened), 1);
        }
    }

    pub(super) fn merge(&mut self, other: &ChurnTally) -> anyhow::Result<()> {
        self.completed += other.completed;
        self.drained += other.drained;
        self.greeting_ns.add(&other.greeting_ns)?;
        self.life_ns.add(&other.life_ns)?;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub(super) fn outcome(&self, elapsed: Duration) -> Churned {
        let seconds = elapsed.as_secs_f64();
        Churned {
            completed: self.completed,
            completed_per_second: if seconds > 0.0 { self.completed as f64 / seconds } else { 0.0 },
            drained: self.drained,
            greeting: Latency::of(&self.greeting_ns),
            life: Latency::of(&self.life_ns),
        }
    }

    /// By their names in the outcome.
    pub(super) fn histograms(self) -> impl Iterator<Item = (&'static str, Histogram<u64>)> {
        [("greeting", self.greeting_ns), ("life", self.life_ns)].into_iter()
    }
}
