//! The times of one message in flight.

use std::time::{Duration, Instant};

/// When a message was due and when it was written. With the arrival of its last reply byte there are three
/// points in time, and these intervals:
///
/// ```text
///   due ────────────────────────► written ────────────────► last reply byte
///    │◄─ late ─►│◄── blocked ───►│◄─────── service ────────►│
///    │◄───────── send lag ──────►│                          │
///    │◄──────────────────── response ──────────────────────►│
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// When it was due to be sent.
    pub(crate) due: Instant,
    /// The generator's part of the lag: the message could have been taken up and was not.
    pub(crate) late: Duration,
    /// When its last byte was handed to the kernel; `None` until then.
    pub(crate) written: Option<Instant>,
    /// Which kind of requests it belongs to; 0 if there are no kinds.
    pub(crate) kind: usize,
}

impl Stamp {
    /// A message that is due when it is sent.
    pub(crate) fn now(now: Instant) -> Self {
        Stamp { due: now, late: Duration::ZERO, written: None, kind: 0 }
    }

    /// A message that was due at `due` and is taken up `now`. The time since `possible`, when both a connection and
    /// room for one more message were available, is the generator's lateness.
    pub(crate) fn taken_up(due: Instant, possible: Instant, now: Instant) -> Self {
        let late = now.saturating_duration_since(due.max(possible));
        Stamp { due, late, written: None, kind: 0 }
    }

    /// From due to written: how long the message waited to be sent.
    pub(crate) fn send_lag(&self, written: Instant) -> Duration {
        written.saturating_duration_since(self.due)
    }

    /// The server's part of the send lag: the server stopped reading.
    pub(crate) fn blocked(&self, written: Instant) -> Duration {
        self.send_lag(written).saturating_sub(self.late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_send_lag_is_split_between_generator_and_server() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let split = |stamp: Stamp, written| (stamp.late.as_millis(), stamp.blocked(written).as_millis());
        // Taken up 3 ms late and written at once.
        assert_eq!(split(Stamp::taken_up(at(10), at(0), at(13)), at(13)), (3, 0));
        // Taken up in time; the socket was full for 5 ms.
        assert_eq!(split(Stamp::taken_up(at(10), at(0), at(10)), at(15)), (0, 5));
        // No room until 14; taken up 2 ms after that; the socket was full for 1 ms more.
        assert_eq!(split(Stamp::taken_up(at(10), at(14), at(16)), at(17)), (2, 5));
        // A message of a closed loop is never late.
        assert_eq!(split(Stamp::now(at(10)), at(12)), (0, 2));
    }
}
