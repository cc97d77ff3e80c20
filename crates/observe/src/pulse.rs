//! Whether this process itself has run all the time.
//!
//! A tool that is stopped (Ctrl-Z, a debugger, a machine that gives it no CPU) does not read and does not send, and what it
//! then sees looks like the other side's fault. It can tell: between two looks at the clock lies far more time than it
//! meant to wait.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// A longer gap is not the scheduler's usual delay.
const GAP: Duration = Duration::from_secs(1);

/// Looks at the clock all the time, from a thread of its own, until this is dropped.
#[derive(Debug)]
pub struct Pulse {
    looks: Arc<Mutex<Looks>>,
}

#[derive(Debug)]
struct Looks {
    last: Instant,
    lost: Duration,
}

impl Pulse {
    /// Starts to look.
    ///
    /// # Errors
    /// The thread cannot be spawned.
    pub fn start() -> io::Result<Pulse> {
        let looks = Arc::new(Mutex::new(Looks { last: Instant::now(), lost: Duration::ZERO }));
        let watched = Arc::downgrade(&looks);
        thread::Builder::new().name("pulse".to_owned()).spawn(move || look_while_alive(&watched))?;
        Ok(Pulse { looks })
    }

    /// How long this process has not run so far, in gaps of a second or more.
    pub fn lost(&self) -> Duration {
        lock(&self.looks).look(Instant::now())
    }
}

impl Looks {
    /// Whoever looks first after a gap counts it.
    fn look(&mut self, now: Instant) -> Duration {
        let gap = now.saturating_duration_since(self.last);
        if gap >= GAP {
            self.lost += gap;
        }
        self.last = now;
        self.lost
    }
}

fn look_while_alive(looks: &Weak<Mutex<Looks>>) {
    while let Some(looks) = looks.upgrade() {
        lock(&looks).look(Instant::now());
        drop(looks);
        thread::sleep(INTERVAL);
    }
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
        let mut looks = Looks { last: start, lost: Duration::ZERO };
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(looks.look(at(50)), Duration::ZERO);
        assert_eq!(looks.look(at(900)), Duration::ZERO);
        assert_eq!(looks.look(at(5_900)), Duration::from_secs(5));
        assert_eq!(looks.look(at(5_901)), Duration::from_secs(5));
        assert_eq!(looks.look(at(8_901)), Duration::from_secs(8));
    }
}
