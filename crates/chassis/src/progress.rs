//! Whether a client gets on: one rule for all models, at eight bytes for each connection.

use crate::{Tick, Timeout};

/// What a client in the middle of a message or of a reply must move within each `--progress-timeout`, in
/// bytes of both directions together.
///
/// Any byte keeps a connection from being idle, so that without this rule one byte in each idle timeout holds
/// it for ever, and with it a thread or a place ("slowloris"). A client with nothing begun may stay as long
/// as it is not idle: it owes nobody a message.
pub const LEAST_PROGRESS: u32 = 1024;

/// How far one client has come since the last look.
///
/// Nothing in here asks for the time: the caller passes the stamp that it has anyway.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    since: Tick,
    bytes: u32,
}

impl Progress {
    /// A client that has begun nothing yet.
    #[must_use]
    pub const fn new(now: Tick) -> Progress {
        Progress { since: now, bytes: 0 }
    }

    /// Notes bytes that were received or sent. The first ones begin the time.
    pub fn moved(&mut self, bytes: usize, now: Tick) {
        if self.bytes == 0 {
            self.since = now;
        }
        self.bytes = self.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// The client is in the middle of nothing.
    pub const fn rest(&mut self) {
        self.bytes = 0;
    }

    /// Whether the time is over without enough bytes. If it is over with enough, it begins anew. To be asked
    /// only of a client in the middle of something.
    pub fn is_too_slow(&mut self, now: Tick, timeout: Timeout) -> bool {
        if !timeout.is_over(now.since(self.since)) {
            return false;
        }
        let is_too_slow = self.bytes < LEAST_PROGRESS;
        *self = Progress::new(now);
        is_too_slow
    }

    /// When the time began.
    pub(crate) const fn since(self) -> Tick {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Timeout = Timeout::after(Duration::from_secs(60));

    fn at(seconds: u32) -> Tick {
        Tick::from_bits(seconds * 1_000)
    }

    #[test]
    fn a_trickle_is_too_slow_however_regular_it_is() {
        let mut progress = Progress::new(at(0));
        let cut = (10..).step_by(10).find(|&second| {
            progress.moved(1, at(second));
            progress.is_too_slow(at(second), MINUTE)
        });
        assert_eq!(cut, Some(70));
    }

    #[test]
    fn enough_bytes_in_each_minute_are_fast_enough_for_ever() {
        let mut progress = Progress::new(at(0));
        for second in 0..10_000 {
            progress.moved(20, at(second));
            assert!(!progress.is_too_slow(at(second), MINUTE), "second {second}");
        }
    }

    #[test]
    fn the_time_begins_with_the_first_byte_after_a_rest() {
        let mut progress = Progress::new(at(0));
        progress.moved(5, at(0));
        progress.rest();
        progress.moved(1, at(200));
        assert!(!progress.is_too_slow(at(201), MINUTE));
        assert!(progress.is_too_slow(at(261), MINUTE));
        assert!(!progress.is_too_slow(at(400), Timeout::OFF));
    }
}
