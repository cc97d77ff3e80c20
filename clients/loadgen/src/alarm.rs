//! Waking up a readiness loop at a given time, at no cost per wait.
//!
//! With a timeout the kernel sets up a timer at each wait, programs the CPU's clock for it and cancels both again, which
//! makes a wait a tenth dearer. An alarm is set once, and each wait after that has no timeout.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// The event data of the alarm; no connection has this token.
pub(crate) const ALARM: u64 = u64::MAX;

/// A timer that is an event of an epoll instance.
#[derive(Debug)]
pub(crate) struct Alarm(OwnedFd);

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    /// The kernel has no timer or no descriptor left.
    pub(crate) fn of(epoll: impl AsFd) -> anyhow::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
            .context("cannot create a timer")?;
        epoll::add(epoll, &timer, EventData::new_u64(ALARM), EventFlags::IN)
            .context("cannot watch a timer with epoll")?;
        Ok(Alarm(timer))
    }

    /// Is ready from `at` on until it is set again; at once if `at` has passed.
    ///
    /// # Errors
    /// The time is out of the kernel's range.
    pub(crate) fn set(&self, at: Instant) -> anyhow::Result<()> {
        // Zero would switch it off.
        let ahead = at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
        let it_value = Timespec::try_from(ahead).context("the time to wait is out of range")?;
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once).context("cannot set a timer")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::buffer::spare_capacity;
    use rustix::event::epoll::CreateFlags;

    use super::*;

    #[test]
    fn an_alarm_ends_a_wait_without_a_timeout_at_its_time_and_not_before() {
        let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        let alarm = Alarm::of(&epoll).unwrap();
        let mut events = Vec::with_capacity(2);
        let start = Instant::now();
        for at in [start + Duration::from_millis(20), start + Duration::from_millis(40), start] {
            alarm.set(at).unwrap();
            epoll::wait(&epoll, spare_capacity(&mut events), None).unwrap();
            assert!(Instant::now() >= at);
            let tokens: Vec<u64> = events.drain(..).map(|event| event.data.u64()).collect();
            assert_eq!(tokens, [ALARM]);
        }
        alarm.set(Instant::now() + Duration::from_secs(3_600)).unwrap();
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&Timespec::default())).unwrap();
        assert!(events.is_empty(), "setting it again takes the event back");
    }
}
