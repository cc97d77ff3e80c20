//! Whether the load generator ran while it measured.
//!
//! A process that is stopped (Ctrl-Z, a debugger, a paused container or virtual machine) finds replies late that the
//! server sent in time. So a thread sleeps for a moment, again and again: if it wakes up much later than it asked for, the
//! whole process did not run meanwhile. While the machine is suspended this clock stands still, and another one goes on.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// How long the thread sleeps: a hundred wake-ups a second cost less than a thousandth of a CPU.
const TICK: Duration = Duration::from_millis(10);

/// The shortest gap that counts. A busy machine may delay a thread by some 10 ms.
const SHORTEST: Duration = Duration::from_millis(100);

/// The thread that notices gaps; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watch {
    end: Sender<()>,
    thread: JoinHandle<Duration>,
}

impl Watch {
    /// Starts to watch.
    ///
    /// # Errors
    /// The thread cannot be spawned.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (end, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || gaps(&ended));
        Ok(Watch { end, thread: thread.context("cannot spawn a thread that watches the load generator")? })
    }

    /// For how long this process did not run since the start, in gaps of 100 ms and more.
    pub(crate) fn end(self) -> Duration {
        drop(self.end);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn gaps(ended: &Receiver<()>) -> Duration {
    let suspended = suspended();
    let mut sum = Duration::ZERO;
    loop {
        let due = Instant::now() + TICK;
        let result = ended.recv_timeout(TICK);
        sum += counted(Instant::now().saturating_duration_since(due));
        if result != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    sum + counted(self::suspended().saturating_sub(suspended))
}

fn counted(gap: Duration) -> Duration {
    if gap >= SHORTEST { gap } else { Duration::ZERO }
}

/// For how long the machine has been suspended since it booted.
fn suspended() -> Duration {
    let whole = clock_gettime(ClockId::Boottime);
    duration(whole).saturating_sub(duration(clock_gettime(ClockId::Monotonic)))
}

fn duration(time: Timespec) -> Duration {
    // Neither clock is ever negative, and nanoseconds are below a second.
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_gap_counts() {
        assert_eq!(counted(Duration::from_millis(99)), Duration::ZERO);
        assert_eq!(counted(Duration::from_millis(100)), Duration::from_millis(100));
    }

    #[test]
    fn the_time_of_suspension_is_what_one_clock_is_ahead_of_the_other() {
        let before = suspended();
        assert!(suspended().saturating_sub(before) < SHORTEST, "this machine was not suspended just now");
    }
}
