//! A run from outside: how far it is, and asking it to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::scenario::MAX_THREADS;

/// A handle on a run, to be given to [`run_until`](crate::run_until) and to whoever watches it. Clones are the
/// same handle.
///
/// Neither use costs the load anything worth naming: each of its threads looks and counts once per wake-up, not
/// per message, without synchronisation.
///
/// ```
/// let handle = loadgen::Handle::new();
/// let elsewhere = handle.clone();
/// elsewhere.stop();
/// assert!(handle.is_stopped());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Handle {
    // An Arc of its own, since a signal handler can set such a flag and nothing else.
    stopped: Arc<AtomicBool>,
    answered: Arc<Counters>,
}

/// One counter for each thread of a load.
#[derive(Debug)]
struct Counters([Counter; MAX_THREADS]);

/// On a cache line of its own, so that threads do not wait for each other's.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Counter(AtomicU64);

impl Default for Counters {
    fn default() -> Self {
        Counters(std::array::from_fn(|_| Counter::default()))
    }
}

impl Handle {
    /// A handle on a run to come.
    pub fn new() -> Self {
        Handle::default()
    }

    /// Asks the run to end: the load stops within some 100 ms, and what was measured until then is reported.
    /// There is no way back, and further runs with this handle do not begin.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The flag that [`Handle::stop`] sets, for a signal handler.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    /// Messages that were answered within the measured window of the run so far. The newest may be missing.
    pub fn messages(&self) -> u64 {
        self.answered.0.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
    }

    /// Counts anew, for the next run.
    pub(crate) fn reset(&self) {
        for counter in &self.answered.0 {
            counter.0.store(0, Ordering::Relaxed);
        }
    }

    /// What the thread with this number has counted so far.
    pub(crate) fn counted(&self, thread: usize, messages: u64) {
        if let Some(counter) = self.answered.0.get(thread) {
            counter.0.store(messages, Ordering::Relaxed);
        }
    }
}
