//! Timers of this thread, as exact as the kernel can make them.

use std::num::NonZeroU64;

use rustix::thread::{current_timer_slack, set_current_timer_slack};

/// While this value exists, the timer slack of the thread is 1 ns, so that timeouts end as exactly as possible.
/// The default slack is 50 µs, with which the kernel coalesces timers; an open loop would be late by as much.
pub(crate) struct ExactTimers {
    before: Option<NonZeroU64>,
}

impl ExactTimers {
    /// Sets the slack of the calling thread. If the kernel refuses, it stays as it is: lateness is measured
    /// anyway.
    pub(crate) fn new() -> Self {
        let before = current_timer_slack().ok().and_then(NonZeroU64::new);
        let _ = set_current_timer_slack(Some(NonZeroU64::MIN));
        ExactTimers { before }
    }
}

impl Drop for ExactTimers {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            let _ = set_current_timer_slack(Some(before));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rustix::buffer::spare_capacity;
    use rustix::event::epoll::{self, CreateFlags};

    use super::*;

    /// Needs `epoll_pwait2`, which rustix uses with its feature `linux_5_11` only; `epoll_wait` rounds up to
    /// whole milliseconds.
    #[test]
    fn a_wait_may_be_shorter_than_a_millisecond() {
        let _exact = ExactTimers::new();
        let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        let timeout = Duration::from_micros(50).try_into().unwrap();
        let mut events = Vec::with_capacity(1);
        let wait = || {
            let start = Instant::now();
            epoll::wait(&epoll, spare_capacity(&mut events), Some(&timeout)).unwrap();
            start.elapsed()
        };
        // Even on a busy machine at least one in a thousand is woken in time.
        let shortest = std::iter::repeat_with(wait).take(1_000).min().unwrap();
        assert!(shortest < Duration::from_millis(1), "{shortest:?}");
    }

    #[test]
    fn the_slack_of_the_calling_thread_is_restored() {
        let before = current_timer_slack().unwrap();
        {
            let _exact = ExactTimers::new();
            assert_eq!(current_timer_slack().unwrap(), 1);
        }
        assert_eq!(current_timer_slack().unwrap(), before);
        assert_ne!(before, 1, "the test needs a slack other than 1 to be able to fail");
    }
}
