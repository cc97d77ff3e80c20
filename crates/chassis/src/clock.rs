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

/// How far ahead of this moment, in milliseconds, a stamp can be that another thread has just taken.
const FUTURE: u32 = 60_000;

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
    #[must_use]
    pub fn since(self, earlier: Tick) -> Duration {
        let elapsed = self.0.wrapping_sub(earlier.0);
        // Another thread may have stamped `earlier` after this moment was read. That is a matter of
        // milliseconds: anything else must count as the long time that it is, or whoever waits for a
        // moment that passed weeks ago would wait for weeks more.
        if elapsed > u32::MAX - FUTURE { Duration::ZERO } else { Duration::from_millis(elapsed.into()) }
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
    fn a_stamp_from_the_near_future_is_no_time_ago() {
        assert_eq!(Tick(100).since(Tick(104)), Duration::ZERO);
    }

    #[test]
    fn a_stamp_of_forty_days_ago_is_no_stamp_from_the_future() {
        let forty_days = Duration::from_secs(40 * 24 * 60 * 60);
        assert_eq!(Tick(u32::try_from(forty_days.as_millis()).unwrap()).since(Tick(0)), forty_days);
    }

    #[test]
    fn the_clock_does_not_run_backwards() {
        let earlier = Tick::now();
        assert!(Tick::now().since(earlier) < Duration::from_secs(60 * 60 * 24));
    }
}
