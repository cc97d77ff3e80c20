//! How far a connection is: what its two threads tell each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Failure;

/// How far a connection is, shared by its two threads.
#[derive(Default)]
pub(crate) struct Progress {
    now: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// The greeting came.
    pub(crate) greeted: bool,
    /// Reply bytes that were asked for so far.
    pub(crate) owed: u64,
    /// Reply bytes that came and were right.
    pub(crate) received: u64,
    /// The client has closed its side, so the server may.
    pub(crate) disconnecting: bool,
    /// The listener's verdict once it has ended.
    ended: Option<Result<(), Failure>>,
}

impl Progress {
    /// The state as it is now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Single assignments cannot leave the state half changed, so poison means nothing here.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Notes that the listener has ended, and how.
    pub(crate) fn end(&self, verdict: Result<(), Failure>) {
        self.update(|now| now.ended = Some(verdict));
    }

    /// Waits until `reached`, until the listener has ended, or for at most `pause` if there is one.
    /// Without a pause the listener's own time limit bounds the wait.
    pub(crate) fn wait(
        &self,
        pause: Option<Duration>,
        reached: impl Fn(&State) -> bool,
    ) -> Result<(), Failure> {
        let deadline = pause.map(|pause| Instant::now() + pause);
        let mut now = self.lock();
        loop {
            if let Some(verdict) = &now.ended {
                return verdict.clone();
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if reached(&now) || left == Some(Duration::ZERO) {
                return Ok(());
            }
            now = match left {
                None => self.changed.wait(now).unwrap_or_else(PoisonError::into_inner),
                Some(left) => self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}
