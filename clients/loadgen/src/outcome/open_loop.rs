//! The figures of an open loop, besides the response time.

use serde::{Deserialize, Serialize};

use super::latency::Latency;

/// The fraction of the due messages that may be unsent before the rate counts as missed.
const RATE_TOLERANCE: f64 = 0.01;

/// The figures of an open loop, all about the messages that were due within the measured window.
///
/// `due` is the sum of `latency.samples` and `lost`: every message is in one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Messages that were due by the schedule.
    pub due: u64,
    /// Messages that were handed to the kernel in full before the window ended.
    pub sent: u64,
    /// `sent` over the length of the window.
    pub sent_per_second: f64,
    /// Messages that were taken up and still unanswered when the run ended.
    pub censored: u64,
    /// Messages that were never taken up, because no connection or no room was available until the run ended.
    pub unsent: u64,
    /// Messages on connections that failed, and those that had to wait when the last one failed. They are in no
    /// percentile, since no bound is known.
    pub lost: u64,
    /// From sent to the last reply byte: what a closed loop would have measured. Answered messages only.
    pub service: Option<Latency>,
    /// From due to sent; the next two fields are its parts. A message that was never sent counts with the time
    /// it waited.
    pub send_lag: Option<Latency>,
    /// The generator's part of the lag: the message could have been sent and was not taken up.
    pub generator_late: Option<Latency>,
    /// The server's part of the lag: the socket was full, no connection was greeted, or a million messages were
    /// unanswered. It includes the time from when a full socket has room again until the generator is notified.
    pub blocked: Option<Latency>,
}

impl OpenLoop {
    /// Messages whose response time is only a lower bound. Percentiles that fall into this share of the samples
    /// are lower bounds, too; those below are exact.
    pub fn unanswered(&self) -> u64 {
        self.censored + self.unsent
    }

    /// Why the run is not valid for the requested rate, if it is not: less than 99 % of what was due was sent
    /// in time. One message may always be pending at the end.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub fn rate_missed(&self) -> Option<String> {
        if self.due == 0 {
            return Some("the window was too short for even one message at this rate".to_owned());
        }
        let kept = (self.sent + 1) as f64 >= self.due as f64 * (1.0 - RATE_TOLERANCE);
        if kept {
            return None;
        }
        // More than one in a hundred is missing, so the 99th percentile is one of them.
        let p99 = |latency: &Option<Latency>| latency.map_or(0, |latency| latency.p99_ns);
        let cause = if self.sent == 0 && self.unsent == self.due {
            "no connection was available to send on"
        } else if p99(&self.generator_late) > p99(&self.blocked) {
            "the generator was late"
        } else {
            "the server stopped reading"
        };
        Some(format!(
            "only {} of {} messages were sent within the window ({:.1} %): {cause}",
            self.sent,
            self.due,
            100.0 * self.sent as f64 / self.due as f64
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_missed_when_more_than_one_in_a_hundred_is_missing() {
        let sent = |sent| OpenLoop { due: 1_000, sent, ..OpenLoop::default() };
        assert_eq!(sent(1_000).rate_missed(), None);
        assert_eq!(sent(989).rate_missed(), None);
        let reason = sent(988).rate_missed().unwrap();
        assert!(reason.contains("988 of 1000") && reason.contains("98.8 %"), "{reason}");
    }

    #[test]
    fn one_message_may_be_pending_at_the_end() {
        assert_eq!(OpenLoop { due: 5, sent: 4, ..OpenLoop::default() }.rate_missed(), None);
        assert!(OpenLoop { due: 5, sent: 3, ..OpenLoop::default() }.rate_missed().is_some());
    }

    #[test]
    fn a_missed_rate_names_its_cause() {
        let of = |p99_ns| Some(Latency { p99_ns, ..Latency::default() });
        let missed =
            OpenLoop { due: 100, sent: 50, generator_late: of(1), blocked: of(9), ..Default::default() };
        assert!(missed.rate_missed().unwrap().contains("the server stopped reading"));
        let missed = OpenLoop { generator_late: of(10), ..missed };
        assert!(missed.rate_missed().unwrap().contains("the generator was late"));
        let missed = OpenLoop { due: 100, unsent: 100, ..OpenLoop::default() };
        assert!(missed.rate_missed().unwrap().contains("no connection"));
    }
}
