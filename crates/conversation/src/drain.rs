//! When a connection may go while the server stops: one rule for all models.
//!
//! ```text
//!  SIGTERM           answer until quiet             half time: answer no more      deadline
//!  ──┼───────────────────────────────────────────────┼──────────────────────────────┼──────▶
//!    │ idle for 500 ms before: FIN, close            │ FIN, then read and discard   │ cut
//!    │ quiet for 500 ms: FIN, then read and discard  │     until the client closes  │
//!    │     until the client closes                   │ before its reply is taken:   │
//!    │ quiet, but its reply is still in the kernel:  │     read and discard, no FIN │
//!    │     wait until it has been taken              │                              │
//! ```
//!
//! A client that has just been greeted may have its first message on the way; closing at once would
//! take the message and lose the reply. So "answer what has been received" means: until the client is quiet.
//! It then gets a FIN, and what it still sends is read and discarded until it closes its side, too (*lingering
//! close*): a byte that arrives at a closed socket resets the connection, and a reset destroys the part of the
//! reply that is still on its way, which the kernel may hold by the megabyte.
//!
//! No FIN is sent while the kernel holds a part of a reply: after a FIN nobody can tell whether the client has taken
//! it, and a reply that is cut off at the deadline must not count as given.

use std::time::Duration;

use crate::question::{Known, Question};
use crate::tick::Tick;

/// How long a connection must have been silent to count as done while the server drains.
///
/// Long enough for a round trip to a busy client on the same machine, and for a retransmission: Linux waits for
/// 200 ms at least before it sends a lost segment again, which looks like 200 ms of quiet.
const QUIET: Duration = Duration::from_millis(500);

/// What may happen to a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainStep {
    /// Keep answering it.
    Answer,
    /// It has been idle since before the drain began: send FIN and close.
    Close,
    /// Answer no more: discard what it sends. It has not taken its reply yet, so no FIN.
    Discard,
    /// Answer no more: send FIN, then discard what it sends until it closes.
    Linger,
    /// The deadline is over: close it however it stands. `owed` says whether the kernel still holds a part of
    /// its reply.
    Cut {
        /// The client has not taken all that was sent to it.
        owed: bool,
    },
}

/// A running drain.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    began: Tick,
    timeout: Duration,
    /// Time in which the process did not run.
    lost: Duration,
    /// When it went on.
    resumed: Option<Tick>,
}

/// A look that comes later than this belongs to a process that did not run; below, it was busy.
const STOPPED: Duration = Duration::from_millis(200);

impl Drain {
    /// How often to take the next step of each connection while the server drains.
    pub const INTERVAL: Duration = Duration::from_millis(20);

    /// Begins to drain now, for at most this long.
    #[must_use]
    pub const fn begin(now: Tick, timeout: Duration) -> Drain {
        Drain { began: now, timeout, lost: Duration::ZERO, resumed: None }
    }

    /// Notes that the look at `now` came this much late. If the process did not run meanwhile, the drain lasts longer by
    /// that time, since its clients had no chance to take their replies, and nobody has been quiet meanwhile.
    ///
    /// A pause that is short beside the deadline does not move it: the turns of an overloaded loop take as long, and a
    /// deadline that moved with each of them would never come.
    pub fn look_was_late(&mut self, by: Duration, now: Tick) {
        if by > STOPPED {
            self.resumed = Some(now);
            if by > self.timeout / 8 {
                self.lost += by;
            }
        }
    }

    /// The step for a connection that last sent or took a byte at `last_activity`.
    ///
    /// Bytes that have arrived and that a busy server has not read yet are not quiet. What is owed to a
    /// quiet connection must still be sent before it is closed.
    ///
    /// # Errors
    /// What has to be known about the socket first.
    pub fn step(&self, now: Tick, last_activity: Tick, known: Known) -> Result<DrainStep, Question> {
        let running = now.since(self.began);
        let since_resumed = self.resumed.map_or(Duration::MAX, |resumed| now.since(resumed));
        let silent = now.since(last_activity).min(since_resumed);
        let used = running.saturating_sub(self.lost);
        if used >= self.timeout {
            return Ok(DrainStep::Cut { owed: known.untaken()? });
        }
        let is_quiet = silent >= QUIET && !known.unread()?;
        let is_early = used < self.timeout / 2;
        Ok(if is_early && !is_quiet {
            DrainStep::Answer
        } else if known.untaken()? {
            if is_early { DrainStep::Answer } else { DrainStep::Discard }
        } else if is_quiet && silent >= QUIET + running {
            DrainStep::Close
        } else {
            DrainStep::Linger
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u32) -> Tick {
        Tick::from_millis(millis)
    }

    fn known(unread: bool, untaken: bool) -> Known {
        Known::default().with(Question::Unread, unread).with(Question::Untaken, untaken)
    }

    /// The step at `now` in a drain from 10 s to 20 s.
    fn step(now: u32, last_activity: u32, known: Known) -> DrainStep {
        Drain::begin(at(10_000), Duration::from_secs(10)).step(at(now), at(last_activity), known).unwrap()
    }

    #[test]
    fn who_was_idle_before_is_closed_and_who_falls_quiet_later_is_given_time_to_close() {
        assert_eq!(step(10_000, 9_500, known(false, false)), DrainStep::Close);
        assert_eq!(step(11_000, 9_500, known(false, false)), DrainStep::Close);
        assert_eq!(step(11_000, 10_400, known(false, false)), DrainStep::Linger);
    }

    #[test]
    fn who_talks_is_answered_until_half_time() {
        assert_eq!(step(14_999, 14_900, Known::default()), DrainStep::Answer);
        assert_eq!(step(15_000, 14_900, known(true, false)), DrainStep::Linger);
    }

    #[test]
    fn unread_bytes_are_not_quiet() {
        assert_eq!(step(11_000, 1_000, known(true, false)), DrainStep::Answer);
        assert_eq!(step(16_000, 1_000, known(true, false)), DrainStep::Linger);
    }

    #[test]
    fn a_reply_that_the_kernel_holds_is_waited_for_without_a_fin_until_the_deadline() {
        for last_activity in [1_000, 14_990] {
            assert_eq!(step(14_999, last_activity, known(false, true)), DrainStep::Answer);
            assert_eq!(step(15_000, last_activity, known(false, true)), DrainStep::Discard);
            assert_eq!(step(19_999, last_activity, known(true, true)), DrainStep::Discard);
            assert_eq!(step(20_000, last_activity, known(false, true)), DrainStep::Cut { owed: true });
        }
        assert_eq!(step(20_000, 19_990, known(false, false)), DrainStep::Cut { owed: false });
    }

    #[test]
    fn the_socket_is_asked_only_where_the_answer_matters() {
        let drain = Drain::begin(at(10_000), Duration::from_secs(10));
        let step = |now, known| drain.step(at(now), at(9_900), known);
        assert_eq!(step(10_100, Known::default()), Ok(DrainStep::Answer));
        assert_eq!(step(10_400, Known::default()), Err(Question::Unread));
        assert_eq!(step(10_400, Known::default().with(Question::Unread, false)), Err(Question::Untaken));
        assert_eq!(step(20_000, Known::default()), Err(Question::Untaken));
    }
}
