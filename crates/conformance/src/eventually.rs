//! Waiting for a condition that nothing announces.

use std::thread;
use std::time::{Duration, Instant};

/// Polls until the condition holds or the time is over. Returns whether it holds.
pub(crate) fn eventually(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + within;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
