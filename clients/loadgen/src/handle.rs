//! Watching and stopping a run from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::scenario::MAX_THREADS;

/// A handle on a run, shared between [`run_until`](crate::run_until) and its observers. All clones refer to the
/// same run.
///
/// The cost for the load is negligible: each of its threads checks the flag and stores its count once per
/// wake-up, not per message, with relaxed atomics.
///
/// ```
/// let handle = loadgen::Handle::new();
/// let elsewhere = handle.clone();
/// elsewhere.stop();
/// assert!(handle.is_stopped());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Handle {
    stopped: Arc<AtomicBool>,
    answered: Arc<Counters>,
}

/// One counter for each thread of a load.
#[derive(Debug)]
struct Counters([Counter; MAX_THREADS]);

/// On a cache line of its own, to avoid false sharing between threads.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Counter(AtomicU64);

impl Default for Counters {
    fn default() -> Self {
        Counters(std::array::from_fn(|_| Counter::default()))
    }
}

impl Handle {
    /// A handle on a future run.
    pub fn new() -> Self {
        Handle::default()
    }

    /// Asks the run to end: the load stops within some 100 ms and the run reports what was measured so far.
    /// This cannot be undone: later runs with this handle return before their measured window.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Messages answered so far within the measured window of the run; may lag behind by one wake-up.
    pub fn messages(&self) -> u64 {
        self.answered.0.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }

    /// Resets the counters for the next run.
    pub(crate) fn reset(&self) {
        for counter in &self.answered.0 {
            counter.0.store(0, Ordering::Relaxed);
        }
    }

    /// Publishes how many messages the thread with this number has counted so far.
    pub(crate) fn publish(&self, thread: usize, messages: u64) {
        if let Some(counter) = self.answered.0.get(thread) {
            counter.0.store(messages, Ordering::Relaxed);
        }
    }
}
