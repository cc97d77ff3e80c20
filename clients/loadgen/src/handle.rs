//! Watching and stopping a run from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::scenario::MAX_THREADS;

/// A handle on a run, shared between [`run_until`](crate::run_until) and its observers. All clones refer to the
/// same run.
///
/// The cost for the load is negligible: each of its threads checks the flag and stores its counts once per
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
    connected: Arc<Counters>,
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
        self.answered.sum()
    }

    /// Whether any thread of the load has a connection; may lag behind by one wake-up.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.sum() > 0
    }

    /// Resets the counters for the next run.
    pub(crate) fn reset(&self) {
        for thread in 0..MAX_THREADS {
            self.publish(thread, 0, 0);
        }
    }

    /// Publishes how many messages the thread with this number has counted so far, and how many connections it has.
    pub(crate) fn publish(&self, thread: usize, messages: u64, connections: usize) {
        self.answered.set(thread, messages);
        self.connected.set(thread, connections as u64);
    }
}

impl Counters {
    fn sum(&self) -> u64 {
        self.0.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }

    fn set(&self, thread: usize, count: u64) {
        if let Some(counter) = self.0.get(thread) {
            counter.0.store(count, Ordering::Relaxed);
        }
    }
}
