//! Time as an argument.

use std::time::Duration;

/// A moment, in milliseconds of a monotonic clock, wrapping after 49 days.
///
/// Timeouts here are seconds long, so a few milliseconds do not matter; what matters is that every message is
/// stamped. It is four bytes large, because event loops keep one for each idle connection. Nothing in this crate
/// reads a clock: the code that does the I/O does.
///
/// ```
/// use std::time::Duration;
/// use conversation::Tick;
///
/// let began = Tick::from_millis(1_000);
/// assert_eq!(began.later(Duration::from_millis(20)).since(began), Duration::from_millis(20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick(u32);

/// How far a stamp may lie ahead and still count as "now": another thread may have taken it after this moment
/// was read.
const AHEAD: u32 = 60_000;

impl Tick {
    /// The moment at which the clock shows this many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Tick {
        Tick(millis)
    }

    /// The moment as a number, to be kept in an atomic.
    #[must_use]
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// The time from `earlier` to this moment; right as long as less than 49 days lie between them. A stamp that
    /// lies up to a minute ahead is no time ago.
    #[must_use]
    pub fn since(self, earlier: Tick) -> Duration {
        let elapsed = self.0.wrapping_sub(earlier.0);
        if elapsed > u32::MAX - AHEAD { Duration::ZERO } else { Duration::from_millis(elapsed.into()) }
    }

    /// The moment this much later.
    #[must_use]
    pub fn later(self, time: Duration) -> Tick {
        #[expect(clippy::cast_possible_truncation, reason = "the clock wraps by design")]
        Tick(self.0.wrapping_add(time.as_millis() as u32))
    }

    /// The moment this much later, but not later than `now`.
    pub(crate) fn shifted(self, time: Duration, now: Tick) -> Tick {
        if now.since(self) > time { self.later(time) } else { now }
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
    fn a_stamp_is_never_shifted_beyond_now() {
        let shift = Duration::from_millis(50);
        assert_eq!(Tick(100).shifted(shift, Tick(200)), Tick(150));
        assert_eq!(Tick(180).shifted(shift, Tick(200)), Tick(200));
    }
}
