//! What one worker counts. A tally belongs to one thread and is updated for every message, so it shares
//! nothing; the tallies of several workers are added up when all have ended.

use std::time::{Duration, Instant, SystemTime};

use self::churn::ChurnTally;
use self::counts::Counts;
use self::of_kind::KindTally;
use self::times::nanoseconds;
use crate::load::Load;
use crate::outcome::{ClientThread, ErrorKind, Errors, Measurement, Outcome};
use crate::scenario::Scenario;
use crate::stamp::Stamp;

mod churn;
mod counts;
mod of_kind;
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
    reply_bytes: u64,
    /// Of all messages.
    all: Counts,
    /// Of each kind of requests to the prime service.
    pub(crate) kinds: Vec<KindTally>,
    /// Present in churn.
    churn: Option<Box<ChurnTally>>,
}

impl Tally {
    /// A tally for the load of this scenario.
    pub(crate) fn of(scenario: &Scenario) -> anyhow::Result<Self> {
        let kinds = &scenario.kinds;
        let is_open = matches!(scenario.load, Load::Open { .. });
        // A figure of an open loop over all messages makes sense if all of them are due by the clock.
        let all_by_clock = is_open && kinds.iter().all(|kind| kind.share.by_clock(scenario.load));
        Ok(Tally {
            all: if all_by_clock { Counts::of_open_loop()? } else { Counts::new()? },
            kinds: kinds
                .iter()
                .map(|kind| KindTally::new(kind, scenario.load))
                .collect::<anyhow::Result<_>>()?,
            churn: if scenario.load == Load::Churn { Some(Box::new(ChurnTally::new()?)) } else { None },
            ..Tally::new()?
        })
    }

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
            reply_bytes: 0,
            all: Counts::new()?,
            kinds: Vec::new(),
            churn: None,
        })
    }

    /// Counts verified reply bytes.
    pub(crate) fn arrived(&mut self, reply_bytes: u64) {
        if let Window::Open { .. } = self.window {
            self.reply_bytes += reply_bytes;
        }
    }

    /// Messages counted so far.
    pub(crate) fn messages(&self) -> u64 {
        self.all.messages
    }

    /// Counts messages of one stamp whose replies are complete. Timed are all messages that were *due* within the
    /// window, however late they complete, so that neither the warm-up nor the end of the window distorts the
    /// distribution.
    pub(crate) fn completed(&mut self, stamp: &Stamp, messages: u64, now: Instant) {
        let Some(bounds) = self.window.bounds() else { return };
        self.all.completed(stamp, messages, now, bounds);
        if let Some(kind) = self.kinds.get_mut(stamp.kind) {
            kind.counts.completed(stamp, messages, now, bounds);
        }
    }

    /// Counts a message that was taken up from an open loop's schedule.
    pub(crate) fn taken_up(&mut self, stamp: &Stamp) {
        let window = self.window;
        self.each(stamp, |counts| counts.taken_up(window));
    }

    /// Counts a message that is still unanswered when the run ends. Its age is a lower bound of its response time
    /// and is recorded as such, since leaving it out would make the server look faster.
    pub(crate) fn censored(&mut self, stamp: &Stamp, now: Instant) {
        let window = self.window;
        self.each(stamp, |counts| counts.censored(stamp, now, window));
    }

    /// As [`Tally::censored`], for a message that was never taken up.
    pub(crate) fn unsent(&mut self, stamp: &Stamp, now: Instant) {
        self.each(stamp, |counts| counts.unsent(stamp, now));
    }

    /// Counts a message that will never be answered because its connection has failed. Its age is not
    /// recorded: it is no bound.
    pub(crate) fn lost(&mut self, stamp: &Stamp) {
        let window = self.window;
        self.each(stamp, |counts| counts.lost(stamp, window));
    }

    /// Counts a message in all places to which it belongs.
    fn each(&mut self, stamp: &Stamp, count: impl Fn(&mut Counts)) {
        count(&mut self.all);
        if let Some(kind) = self.kinds.get_mut(stamp.kind) {
            count(&mut kind.counts);
        }
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

    /// Counts the failure of a connection whose next answer was due to this message.
    pub(crate) fn failed_on(&mut self, stamp: &Stamp, kind: ErrorKind, detail: &str) {
        if let Some(of_kind) = self.kinds.get_mut(stamp.kind) {
            of_kind.errors.add(kind, || detail.to_owned());
        }
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
        self.errors.merge(&other.errors);
        self.reply_bytes += other.reply_bytes;
        self.all.merge(&other.all)?;
        for (kind, other) in self.kinds.iter_mut().zip(&other.kinds) {
            kind.merge(other)?;
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
        let (messages, per_second) = (self.all.messages, self.all.per_second(self.elapsed));
        let churned = self.churn.as_ref().map(|churn| churn.outcome(self.elapsed));
        let of_churn = self.churn.into_iter().flat_map(|churn| churn.histograms());
        let (kinds, of_kinds): (Vec<_>, Vec<_>) =
            self.kinds.into_iter().map(|kind| kind.outcome(self.elapsed)).unzip();
        let outcome = Outcome {
            connections: self.connections,
            served: self.served,
            starved: self.starved,
            elapsed_ns: nanoseconds(self.elapsed),
            interrupted: self.interrupted,
            messages,
            messages_per_second: per_second,
            reply_bytes: self.reply_bytes,
            drained: self.all.drained,
            unfinished: self.unfinished,
            latency: self.all.latency(),
            client_cpu_ns_per_message: (messages > 0).then(|| cpu_ns as f64 / messages as f64),
            client_threads: self.threads,
            steal: None,
            client_not_running_ns: 0,
            other_programs: None,
            verdict: None,
            kinds,
            open_loop: self.all.open_loop(self.elapsed),
            churned,
            errors: self.errors,
        };
        let (latency_ns, of_open_loop) = self.all.histograms();
        let further = of_open_loop.chain(of_churn).map(|(name, histogram)| (name.to_owned(), histogram));
        let further_ns = further.chain(of_kinds.into_iter().flatten()).collect();
        Measurement { outcome, started, latency_ns, further_ns }
    }
}

#[cfg(test)]
mod tests;
