//! Whether this process itself has run all the time.
//!
//! A tool that is stopped (Ctrl-Z, a debugger, a machine that gives it no CPU) does not read and does not send, and what it
//! then sees looks like the other side's fault. It can tell: between two looks at the clock lies far more time than it
//! meant to wait.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// A longer gap is not the scheduler's usual delay, even on a busy machine.
const GAP: Duration = Duration::from_secs(1);

/// Looks in the shortest gap that counts.
const LOOKS_IN_GAP: u32 = 10;

/// Looks at the clock all the time, from a thread of its own, until this is dropped.
#[derive(Debug)]
pub struct Pulse {
    looks: Arc<Mutex<Looks>>,
}

#[derive(Debug)]
struct Looks {
    /// The shortest gap that counts.
    gap: Duration,
    last: Instant,
    lost: Duration,
}

impl Pulse {
    /// Starts to look for gaps of a second or more.
    ///
    /// # Errors
    /// The thread cannot be spawned.
    pub fn start() -> io::Result<Pulse> {
        Pulse::of_gaps(GAP)
    }

    /// Starts to look for gaps of this length or more, ten times in each.
    ///
    /// # Errors
    /// The thread cannot be spawned.
    pub fn of_gaps(gap: Duration) -> io::Result<Pulse> {
        let looks = Arc::new(Mutex::new(Looks { gap, last: Instant::now(), lost: Duration::ZERO }));
        let watched = Arc::downgrade(&looks);
        thread::Builder::new().name("pulse".to_owned()).spawn(move || look_while_alive(&watched))?;
        Ok(Pulse { looks })
    }

    /// How long this process has not run so far, in gaps that count.
    pub fn lost(&self) -> Duration {
        lock(&self.looks).look(Instant::now())
    }
}

impl Looks {
    /// Whoever looks first after a gap counts it.
    fn look(&mut self, now: Instant) -> Duration {
        let gap = now.saturating_duration_since(self.last);
        if gap >= self.gap {
            self.lost += gap;
        }
        self.last = now;
        self.lost
    }
}

fn look_while_alive(looks: &Weak<Mutex<Looks>>) {
    while let Some(looks) = looks.upgrade() {
        let interval = {
            let mut looks = lock(&looks);
            looks.look(Instant::now());
            looks.gap / LOOKS_IN_GAP
        };
        drop(looks);
        thread::sleep(interval);
    }
}

/// For how long the machine has been suspended since it booted. Meanwhile the clock of [`Instant`] stands still, so that a
/// [`Pulse`] sees no gap.
#[cfg(target_os = "linux")]
pub fn suspended() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
    // In this order: what passes between the two readings makes the difference smaller.
    let whole = read(ClockId::Boottime);
    whole.saturating_sub(read(ClockId::Monotonic))
}

/// Each change is complete, so a poisoned lock holds valid figures.
fn lock(looks: &Mutex<Looks>) -> MutexGuard<'_, Looks> {
    looks.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_gaps_count_and_each_counts_once() {
        let start = Instant::now();
        let mut looks = Looks { gap: GAP, last: start, lost: Duration::ZERO };
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(looks.look(at(50)), Duration::ZERO);
        assert_eq!(looks.look(at(900)), Duration::ZERO);
        assert_eq!(looks.look(at(5_900)), Duration::from_secs(5));
        assert_eq!(looks.look(at(5_901)), Duration::from_secs(5));
        assert_eq!(looks.look(at(8_901)), Duration::from_secs(8));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_machine_that_runs_is_not_suspended_any_longer_than_before() {
        let before = suspended();
        assert!(suspended().saturating_sub(before) < GAP);
    }
}
