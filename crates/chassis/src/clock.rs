//! A clock that may be read once per message.

use std::time::Duration;

/// A moment, in milliseconds of the system's monotonic clock, wrapping after 49 days.
///
/// Timeouts here are seconds long, so a few milliseconds do not matter; what matters is that every
/// message asks for the time. On Linux this reads the coarse clock (resolution: one timer tick, at most
/// 10 ms), which costs a memory read where `Instant::now` reads the processor's time stamp counter. It is
/// four bytes large, because event loops keep one per idle connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick(u32);

impl Tick {
    /// The current moment.
    #[must_use]
    pub fn now() -> Tick {
        #[cfg(target_os = "linux")]
        const CLOCK: rustix::time::ClockId = rustix::time::ClockId::MonotonicCoarse;
        #[cfg(not(target_os = "linux"))]
        const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(CLOCK);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wraps by design")]
        Tick((now.tv_sec as u32).wrapping_mul(1_000).wrapping_add(now.tv_nsec as u32 / 1_000_000))
    }

    /// The time from `earlier` to this moment; right as long as less than 49 days lie between.
    ///
    /// Another thread may have stamped `earlier` after this moment was read: what seems to lie up to a minute
    /// ahead is no time ago.
    #[must_use]
    pub fn since(self, earlier: Tick) -> Duration {
        let elapsed = self.0.wrapping_sub(earlier.0);
        if elapsed > u32::MAX - 60_000 { Duration::ZERO } else { Duration::from_millis(elapsed.into()) }
    }

    /// The moment as a number, to be kept in an atomic.
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// The moment that [`Tick::to_bits`] was taken of.
    pub(crate) const fn from_bits(bits: u32) -> Tick {
        Tick(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_right_across_the_wrap() {
        assert_eq!(Tick(5).since(Tick(u32::MAX - 4)), Duration::from_millis(10));
    }

    #[test]
    fn a_month_is_a_month() {
        let month = 30 * 24 * 60 * 60 * 1_000;
        assert_eq!(Tick(month).since(Tick(0)), Duration::from_millis(month.into()));
    }

    #[test]
    fn a_stamp_from_the_near_future_is_no_time_ago() {
        assert_eq!(Tick(100).since(Tick(104)), Duration::ZERO);
    }

    #[test]
    fn the_clock_does_not_run_backwards() {
        let earlier = Tick::now();
        assert!(Tick::now().since(earlier) < Duration::from_secs(60 * 60 * 24));
    }
}
