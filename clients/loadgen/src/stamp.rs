//! The times of one message that is in flight.

use std::time::{Duration, Instant};

/// When a message was due and when it went out. With the arrival of its last reply byte that makes three
/// points, and between them:
///
/// ```text
///   due ────────────────────────► written ────────────────► last reply byte
///    │◄─ late ─►│◄── blocked ───►│◄─────── service ────────►│
///    │◄───────── send lag ──────►│                          │
///    │◄──────────────────── response ──────────────────────►│
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// When it was to be sent.
    pub(crate) due: Instant,
    /// How much of the lag is the generator's own: the message could have been taken up and was not.
    pub(crate) late: Duration,
    /// When its last byte was given to the kernel; `None` until then.
    pub(crate) written: Option<Instant>,
}

impl Stamp {
    /// A message that is due as it is sent.
    pub(crate) fn now(now: Instant) -> Self {
        Stamp { due: now, late: Duration::ZERO, written: None }
    }

    /// A message that was due at `due` and is taken up `now`. The generator answers for the time since
    /// `possible`, when there was both a connection to send on and room for one more message.
    pub(crate) fn taken_up(due: Instant, possible: Instant, now: Instant) -> Self {
        Stamp { due, late: now.saturating_duration_since(due.max(possible)), written: None }
    }

    /// From due to written: how long the message waited to go out.
    pub(crate) fn send_lag(&self, written: Instant) -> Duration {
        written.saturating_duration_since(self.due)
    }

    /// The part of the send lag that is the server's: it took in no more.
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
        // A closed loop has no lag of its own.
        assert_eq!(split(Stamp::now(at(10)), at(12)), (0, 2));
    }
}
