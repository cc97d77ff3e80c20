//! What an open loop tells beside the response time.

use serde::{Deserialize, Serialize};

use super::Latency;

/// How far the messages that went out may stay behind those that were due, as a fraction.
const RATE_TOLERANCE: f64 = 0.01;

/// The figures of an open loop, all about the messages that were due within the measured window.
///
/// `due` is `latency.samples` and `lost` together: none is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Messages that the schedule had for the window.
    pub due: u64,
    /// Messages that were handed to the kernel in full before the window ended.
    pub sent: u64,
    /// `sent` over the length of the window.
    pub sent_per_second: f64,
    /// Messages that were taken up and not answered when the run ended.
    pub censored: u64,
    /// Messages for which there was no connection, or no room, until the run ended.
    pub unsent: u64,
    /// Messages on connections that failed. They are in no percentile: there is no bound to give.
    pub lost: u64,
    /// From handed over to the last reply byte: what a closed loop would have seen. Replies only.
    pub service: Option<Latency>,
    /// From due to handed over; the two that follow are its parts. A message that never went out counts as
    /// long as it waited.
    pub send_lag: Option<Latency>,
    /// The generator's part of the lag: the message could have gone out and was not taken up.
    pub generator_late: Option<Latency>,
    /// The server's part of the lag: the socket was full, nobody was greeted, or a million messages were
    /// unanswered. The time from when a full socket has room again until the generator knows is in here,
    /// too.
    pub blocked: Option<Latency>,
}

impl OpenLoop {
    /// Messages whose response time is a lower bound only. Percentiles that reach into this share of the
    /// samples are lower bounds, too; those below are exact.
    pub fn unanswered(&self) -> u64 {
        self.censored + self.unsent
    }

    /// Why the run says nothing about the rate that was asked for, if it does not: less than 99 % of what
    /// was due went out in time. One message may always be on its way at the end.
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
            "there was no connection to send on"
        } else if p99(&self.generator_late) > p99(&self.blocked) {
            "the generator was late"
        } else {
            "the server took in no more"
        };
        Some(format!(
            "only {} of {} messages went out within the window ({:.1} %): {cause}",
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
    fn one_message_may_be_on_its_way() {
        assert_eq!(OpenLoop { due: 5, sent: 4, ..OpenLoop::default() }.rate_missed(), None);
        assert!(OpenLoop { due: 5, sent: 3, ..OpenLoop::default() }.rate_missed().is_some());
    }

    #[test]
    fn a_missed_rate_names_who_was_to_blame() {
        let of = |p99_ns| Some(Latency { p99_ns, ..Latency::default() });
        let missed =
            OpenLoop { due: 100, sent: 50, generator_late: of(1), blocked: of(9), ..Default::default() };
        assert!(missed.rate_missed().unwrap().contains("the server took in no more"));
        let missed = OpenLoop { generator_late: of(10), ..missed };
        assert!(missed.rate_missed().unwrap().contains("the generator was late"));
        let missed = OpenLoop { due: 100, unsent: 100, ..OpenLoop::default() };
        assert!(missed.rate_missed().unwrap().contains("no connection"));
    }
}
