//! What all clients together have done and seen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::behaviour::Behaviour;

/// Shared by all threads of a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    connections: Mutex<BTreeMap<Behaviour, u64>>,
    /// Connections of the verified load.
    pub(super) verified_connections: AtomicU64,
    /// Correct reply bytes that all clients compared.
    pub(super) verified_bytes: AtomicU64,
    /// Clients that could not connect because local ports or descriptors were short: our own limit.
    pub(super) not_made: AtomicU64,
    /// Slow readers that this machine scheduled so late that the server had to drop them: they prove nothing.
    pub(super) too_slow: AtomicU64,
    errors: AtomicU64,
    first_error: Mutex<Option<String>>,
}

impl Tally {
    pub(super) fn connected(&self, behaviour: Behaviour) {
        *lock(&self.connections).entry(behaviour).or_default() += 1;
    }

    pub(super) fn connections(&self) -> BTreeMap<Behaviour, u64> {
        lock(&self.connections).clone()
    }

    /// Counts errors of verified clients; only the text of the first is kept.
    pub(super) fn failed(&self, count: u64, detail: impl FnOnce() -> String) {
        self.errors.fetch_add(count, Ordering::Relaxed);
        lock(&self.first_error).get_or_insert_with(detail);
    }

    pub(super) fn errors(&self) -> (u64, Option<String>) {
        (self.errors.load(Ordering::Relaxed), lock(&self.first_error).clone())
    }
}

/// Counts are valid even if a thread has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
