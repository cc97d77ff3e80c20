//! What an open loop counts besides the response time.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::times::{histogram, record};
use crate::outcome::{Latency, OpenLoop};
use crate::stamp::Stamp;

#[derive(Clone, Debug)]
pub(crate) struct OpenTally {
    /// Messages that were due within the window and were taken up, in time or later.
    pub(crate) taken_up: u64,
    /// Those whose last byte was handed to the kernel before the window ended.
    sent: u64,
    /// Taken up and still unanswered when the run ended.
    censored: u64,
    /// Not taken up when the run ended.
    unsent: u64,
    /// Taken up on a connection that then failed.
    lost: u64,
    service_ns: Histogram<u64>,
    send_lag_ns: Histogram<u64>,
    late_ns: Histogram<u64>,
    blocked_ns: Histogram<u64>,
}

impl OpenTally {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(OpenTally {
            taken_up: 0,
            sent: 0,
            censored: 0,
            unsent: 0,
            lost: 0,
            service_ns: histogram()?,
            send_lag_ns: histogram()?,
            late_ns: histogram()?,
            blocked_ns: histogram()?,
        })
    }

    /// Counts a message whose reply is complete. A reply can be complete before the end delimiter is written,
    /// since that gets no reply: then `now` counts as the time of writing.
    pub(super) fn completed(&mut self, stamp: &Stamp, now: Instant, window_end: Option<Instant>) {
        let written = stamp.written.unwrap_or(now);
        self.sent += u64::from(in_window(written, window_end));
        self.lag(stamp, written);
        record(&mut self.service_ns, now.saturating_duration_since(written), 1);
    }

    /// Counts the send lag of a message that is still unanswered `now`. One that is not written yet has a lag up
    /// to now at least.
    pub(super) fn censored(&mut self, stamp: &Stamp, now: Instant, window_end: Option<Instant>) {
        self.censored += 1;
        self.sent += u64::from(stamp.written.is_some_and(|written| in_window(written, window_end)));
        self.lag(stamp, stamp.written.unwrap_or(now));
    }

    /// Counts the send lag of a message that was never taken up.
    pub(super) fn unsent(&mut self, stamp: &Stamp, now: Instant) {
        self.unsent += 1;
        self.lag(stamp, now);
    }

    /// Counts the send lag of a message whose connection has failed, if the message was sent.
    pub(super) fn lost(&mut self, stamp: &Stamp, window_end: Option<Instant>) {
        self.lost += 1;
        if let Some(written) = stamp.written {
            self.sent += u64::from(in_window(written, window_end));
            self.lag(stamp, written);
        }
    }

    fn lag(&mut self, stamp: &Stamp, written: Instant) {
        record(&mut self.send_lag_ns, stamp.send_lag(written), 1);
        record(&mut self.late_ns, stamp.late, 1);
        record(&mut self.blocked_ns, stamp.blocked(written), 1);
    }

    pub(super) fn merge(&mut self, other: &OpenTally) -> anyhow::Result<()> {
        self.taken_up += other.taken_up;
        self.sent += other.sent;
        self.censored += other.censored;
        self.unsent += other.unsent;
        self.lost += other.lost;
        self.service_ns.add(&other.service_ns)?;
        self.send_lag_ns.add(&other.send_lag_ns)?;
        self.late_ns.add(&other.late_ns)?;
        self.blocked_ns.add(&other.blocked_ns)?;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub(super) fn outcome(&self, elapsed: Duration) -> OpenLoop {
        let seconds = elapsed.as_secs_f64();
        OpenLoop {
            due: self.taken_up + self.unsent,
            sent: self.sent,
            sent_per_second: if seconds > 0.0 { self.sent as f64 / seconds } else { 0.0 },
            censored: self.censored,
            unsent: self.unsent,
            lost: self.lost,
            service: Latency::of(&self.service_ns),
            send_lag: Latency::of(&self.send_lag_ns),
            generator_late: Latency::of(&self.late_ns),
            blocked: Latency::of(&self.blocked_ns),
        }
    }

    /// By their names in the outcome.
    pub(super) fn histograms(self) -> impl Iterator<Item = (&'static str, Histogram<u64>)> {
        [
            ("service", self.service_ns),
            ("send_lag", self.send_lag_ns),
            ("generator_late", self.late_ns),
            ("blocked", self.blocked_ns),
        ]
        .into_iter()
    }
}

fn in_window(written: Instant, window_end: Option<Instant>) -> bool {
    window_end.is_none_or(|end| written <= end)
}
