//! Minimum progress: what a client must move in the middle of a message or of a reply.

use std::time::Duration;

use chassis::Timeout;

use crate::tick::Tick;

/// What a client in the middle of a message or of a reply must move within each `--progress-timeout`, in
/// bytes of both directions together.
///
/// Any byte keeps a connection from being idle, so that without this rule one byte in each idle timeout holds
/// it for ever, and with it a thread or a place ("slowloris"). A client between messages may stay as long as it is
/// not idle: nobody waits for the rest of its message.
pub const MINIMUM_PROGRESS: u16 = 1024;

/// How much one client has moved since its message or its reply began, or since that was last enough.
///
/// Packed into six bytes: every idle client has one.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(2))]
pub(crate) struct Progress {
    since: Tick,
    /// Saturates: more than enough is enough.
    bytes: u16,
}

impl Progress {
    /// A message or a reply begins now.
    pub(crate) const fn begin(now: Tick) -> Progress {
        Progress { since: now, bytes: 0 }
    }

    /// Notes bytes that were received or sent.
    pub(crate) fn moved(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u16::try_from(bytes).unwrap_or(u16::MAX));
    }

    /// Whether the time is over without enough bytes.
    pub(crate) fn is_too_slow(self, now: Tick, timeout: Timeout) -> bool {
        self.is_over(now, timeout) && self.bytes < MINIMUM_PROGRESS
    }

    /// Begins the time anew if it is over with enough bytes.
    pub(crate) fn renew(&mut self, now: Tick, timeout: Timeout) {
        if self.is_over(now, timeout) && self.bytes >= MINIMUM_PROGRESS {
            *self = Progress::begin(now);
        }
    }

    fn is_over(self, now: Tick, timeout: Timeout) -> bool {
        timeout.is_over(now.since(self.since))
    }

    /// Time in which the process did not run counts for nobody.
    pub(crate) fn forgive(&mut self, lost: Duration, now: Tick) {
        self.since = self.since.shifted(lost, now);
    }

    /// When it began.
    pub(crate) const fn since(self) -> Tick {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Timeout = Timeout::after(Duration::from_secs(60));

    fn at(seconds: u32) -> Tick {
        Tick::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_trickle_is_too_slow_however_regular_it_is() {
        let mut progress = Progress::begin(at(10));
        let cut = (10..).step_by(10).find(|&second| {
            progress.moved(1);
            progress.is_too_slow(at(second), MINUTE)
        });
        assert_eq!(cut, Some(70));
    }

    #[test]
    fn enough_bytes_in_each_minute_are_fast_enough_for_ever() {
        let mut progress = Progress::begin(at(0));
        for second in 0..10_000 {
            progress.moved(20);
            assert!(!progress.is_too_slow(at(second), MINUTE), "second {second}");
            progress.renew(at(second), MINUTE);
        }
    }

    #[test]
    fn without_a_timeout_nobody_is_too_slow() {
        assert!(!Progress::begin(at(0)).is_too_slow(at(100_000), Timeout::OFF));
    }
}
