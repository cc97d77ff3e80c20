//! Messages that were answered, or not, and how long they took: of all of them, or of one kind.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Window;
use super::open::OpenTally;
use super::times::{histogram, record};
use crate::outcome::{Latency, OpenLoop};
use crate::stamp::Stamp;

#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(super) messages: u64,
    pub(super) drained: u64,
    pub(super) latency_ns: Histogram<u64>,
    /// Present in an open loop.
    open: Option<Box<OpenTally>>,
}

impl Counts {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Counts { messages: 0, drained: 0, latency_ns: histogram()?, open: None })
    }

    pub(crate) fn of_open_loop() -> anyhow::Result<Self> {
        Ok(Counts { open: Some(Box::new(OpenTally::new()?)), ..Counts::new()? })
    }

    /// As [`Tally::completed`](super::Tally::completed).
    pub(super) fn completed(
        &mut self,
        stamp: &Stamp,
        messages: u64,
        now: Instant,
        (since, until): (Instant, Option<Instant>),
    ) {
        match until {
            None => self.messages += messages,
            Some(_) => self.drained += messages,
        }
        if stamp.due >= since {
            record(&mut self.latency_ns, now.saturating_duration_since(stamp.due), messages);
            if let Some(open) = &mut self.open {
                for _ in 0..messages {
                    open.completed(stamp, now, until);
                }
            }
        }
    }

    pub(super) fn taken_up(&mut self, window: Window) {
        if let (Some(open), Some(_)) = (&mut self.open, window.bounds()) {
            open.taken_up += 1;
        }
    }

    /// As [`Tally::censored`](super::Tally::censored).
    pub(super) fn censored(&mut self, stamp: &Stamp, now: Instant, window: Window) {
        let Some((since, until)) = window.bounds() else { return };
        let Some(open) = self.open.as_mut().filter(|_| stamp.due >= since) else { return };
        open.censored(stamp, now, until);
        record(&mut self.latency_ns, now.saturating_duration_since(stamp.due), 1);
    }

    /// As [`Tally::unsent`](super::Tally::unsent).
    pub(super) fn unsent(&mut self, stamp: &Stamp, now: Instant) {
        let Some(open) = &mut self.open else { return };
        open.unsent(stamp, now);
        record(&mut self.latency_ns, now.saturating_duration_since(stamp.due), 1);
    }

    /// As [`Tally::lost`](super::Tally::lost).
    pub(super) fn lost(&mut self, stamp: &Stamp, window: Window) {
        let Some((since, until)) = window.bounds() else { return };
        let Some(open) = self.open.as_mut().filter(|_| stamp.due >= since) else { return };
        open.lost(stamp, until);
    }

    pub(super) fn merge(&mut self, other: &Counts) -> anyhow::Result<()> {
        self.messages += other.messages;
        self.drained += other.drained;
        self.latency_ns.add(&other.latency_ns)?;
        match (&mut self.open, &other.open) {
            (Some(open), Some(other)) => open.merge(other)?,
            (open, other) => *open = open.take().or_else(|| other.clone()),
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub(super) fn per_second(&self, elapsed: Duration) -> f64 {
        let seconds = elapsed.as_secs_f64();
        if seconds > 0.0 { self.messages as f64 / seconds } else { 0.0 }
    }

    pub(super) fn latency(&self) -> Option<Latency> {
        Latency::of(&self.latency_ns)
    }

    pub(super) fn open_loop(&self, elapsed: Duration) -> Option<OpenLoop> {
        self.open.as_ref().map(|open| open.outcome(elapsed))
    }

    /// The histogram behind the latency, and the others by their names in the outcome.
    pub(super) fn histograms(self) -> (Histogram<u64>, impl Iterator<Item = (&'static str, Histogram<u64>)>) {
        (self.latency_ns, self.open.into_iter().flat_map(|open| open.histograms()))
    }
}
