//! What one worker counts. A tally belongs to one thread and is updated for every message, so it shares
//! nothing; the tallies of several workers are added up when all have ended.

use std::time::{Duration, Instant, SystemTime};

use hdrhistogram::Histogram;

use self::churn::ChurnTally;
use self::open::OpenTally;
use self::times::{histogram, nanoseconds, record};
use crate::outcome::{ClientThread, ErrorKind, Errors, Latency, Measurement, Outcome};
use crate::stamp::Stamp;

mod churn;
mod open;
pub(crate) mod times;

/// Whether what completes now belongs to the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// Not started: nothing counts.
    Ahead,
    /// What completes counts.
    Open { since: Instant },
    /// What was due in the window and completes now is drained: timed, but not counted as a message.
    Closed { since: Instant, until: Instant },
}

impl Window {
    /// Its start, and its end if that has passed; `None` if it has not started.
    fn bounds(self) -> Option<(Instant, Option<Instant>)> {
        match self {
            Window::Ahead => None,
            Window::Open { since } => Some((since, None)),
            Window::Closed { since, until } => Some((since, Some(until))),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) window: Window,
    pub(crate) connections: u64,
    pub(crate) served: u64,
    pub(crate) starved: u64,
    pub(crate) unfinished: u64,
    pub(crate) elapsed: Duration,
    /// Whether the window ended early.
    pub(crate) interrupted: bool,
    pub(crate) threads: Vec<ClientThread>,
    pub(crate) errors: Errors,
    messages: u64,
    drained: u64,
    reply_bytes: u64,
    latency_ns: Histogram<u64>,
    /// Present in an open loop.
    open: Option<Box<OpenTally>>,
    /// Present in churn.
    churn: Option<Box<ChurnTally>>,
}

impl Tally {
    /// A tally for a closed loop.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Tally {
            window: Window::Ahead,
            connections: 0,
            served: 0,
            starved: 0,
            unfinished: 0,
            elapsed: Duration::ZERO,
            interrupted: false,
            threads: Vec::new(),
            errors: Errors::default(),
            messages: 0,
            drained: 0,
            reply_bytes: 0,
            latency_ns: histogram()?,
            open: None,
            churn: None,
        })
    }

    /// A tally for an open loop.
    pub(crate) fn of_open_loop() -> anyhow::Result<Self> {
        Ok(Tally { open: Some(Box::new(OpenTally::new()?)), ..Tally::new()? })
    }

    /// A tally for churn.
    pub(crate) fn of_churn() -> anyhow::Result<Self> {
        Ok(Tally { churn: Some(Box::new(ChurnTally::new()?)), ..Tally::new()? })
    }

    /// Counts verified reply bytes.
    pub(crate) fn arrived(&mut self, reply_bytes: u64) {
        if let Window::Open { .. } = self.window {
            self.reply_bytes += reply_bytes;
        }
    }

    /// Messages counted so far.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Counts messages of one stamp whose replies are complete. Timed are all messages that were *due* within the
    /// window, however late they complete, so that neither the warm-up nor the end of the window distorts the
    /// distribution.
    pub(crate) fn completed(&mut self, stamp: &Stamp, messages: u64, now: Instant) {
        let Some((since, until)) = self.window.bounds() else { return };
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

    /// Counts a message that was taken up from an open loop's schedule.
    pub(crate) fn taken_up(&mut self) {
        if let (Some(open), Some(_)) = (&mut self.open, self.window.bounds()) {
            open.taken_up += 1;
        }
    }

    /// Counts a message that is still unanswered when the run ends. Its age is a lower bound of its response time
    /// and is recorded as such, since leaving it out would make the server look faster.
    pub(crate) fn censored(&mut self, stamp: &Stamp, now: Instant) {
        let Some((since, until)) = self.window.bounds() else { return };
        let Some(open) = self.open.as_mut().filter(|_| stamp.due >= since) else { return };
        open.censored(stamp, now, until);
        record(&mut self.latency_ns, now.saturating_duration_since(stamp.due), 1);
    }

    /// As [`Tally::censored`], for a message that was never taken up.
    pub(crate) fn unsent(&mut self, stamp: &Stamp, now: Instant) {
        let Some(open) = &mut self.open else { return };
        open.unsent(stamp, now);
        record(&mut self.latency_ns, now.saturating_duration_since(stamp.due), 1);
    }

    /// Counts a message that will never be answered because its connection has failed. Its age is not
    /// recorded: it is no bound.
    pub(crate) fn lost(&mut self, stamp: &Stamp) {
        let Some((since, until)) = self.window.bounds() else { return };
        let Some(open) = self.open.as_mut().filter(|_| stamp.due >= since) else { return };
        open.lost(stamp, until);
    }

    /// Counts a greeting.
    pub(crate) fn greeted(&mut self, opened: Instant, now: Instant) {
        if let (Some(churn), Some((since, _))) = (&mut self.churn, self.window.bounds())
            && opened >= since
        {
            churn.greeted(opened, now);
        }
    }

    /// Counts a connection that both sides have closed in order.
    pub(crate) fn ended(&mut self, opened: Instant, now: Instant) {
        if let (Some(churn), Some((since, until))) = (&mut self.churn, self.window.bounds()) {
            churn.ended(opened, now, since, until.is_some());
        }
    }

    pub(crate) fn failed(&mut self, kind: ErrorKind, detail: impl FnOnce() -> String) {
        self.errors.add(kind, detail);
    }

    /// Adds the counts of another worker for the same window.
    pub(crate) fn merge(&mut self, other: &Tally) -> anyhow::Result<()> {
        self.connections += other.connections;
        self.served += other.served;
        self.starved += other.starved;
        self.unfinished += other.unfinished;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.interrupted |= other.interrupted;
        self.threads.extend_from_slice(&other.threads);
        for (&kind, &count) in &other.errors.by_kind {
            *self.errors.by_kind.entry(kind).or_default() += count;
        }
        self.errors.first = self.errors.first.take().or_else(|| other.errors.first.clone());
        self.messages += other.messages;
        self.drained += other.drained;
        self.reply_bytes += other.reply_bytes;
        self.latency_ns.add(&other.latency_ns)?;
        match (&mut self.open, &other.open) {
            (Some(open), Some(other)) => open.merge(other)?,
            (open, other) => *open = open.take().or_else(|| other.clone()),
        }
        match (&mut self.churn, &other.churn) {
            (Some(churn), Some(other)) => churn.merge(other)?,
            (churn, other) => *churn = churn.take().or_else(|| other.clone()),
        }
        Ok(())
    }

    /// The figures of a window that started at `started`. The caller adds the machine's steal time and the
    /// verdict.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub(crate) fn into_measurement(self, started: SystemTime) -> Measurement {
        let cpu_ns: u64 = self.threads.iter().map(|thread| thread.cpu_ns).sum();
        let seconds = self.elapsed.as_secs_f64();
        let open_loop = self.open.as_ref().map(|open| open.outcome(self.elapsed));
        let churned = self.churn.as_ref().map(|churn| churn.outcome(self.elapsed));
        let of_open_loop = self.open.into_iter().flat_map(|open| open.histograms());
        let of_churn = self.churn.into_iter().flat_map(|churn| churn.histograms());
        let outcome = Outcome {
            connections: self.connections,
            served: self.served,
            starved: self.starved,
            elapsed_ns: nanoseconds(self.elapsed),
            interrupted: self.interrupted,
            messages: self.messages,
            messages_per_second: if seconds > 0.0 { self.messages as f64 / seconds } else { 0.0 },
            reply_bytes: self.reply_bytes,
            drained: self.drained,
            unfinished: self.unfinished,
            latency: Latency::of(&self.latency_ns),
            client_cpu_ns_per_message: (self.messages > 0).then(|| cpu_ns as f64 / self.messages as f64),
            client_threads: self.threads,
            steal: None,
            client_not_running_ns: 0,
            other_programs: None,
            verdict: None,
            open_loop,
            churned,
            errors: self.errors,
        };
        Measurement {
            outcome,
            started,
            latency_ns: self.latency_ns,
            further_ns: of_open_loop.chain(of_churn).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
