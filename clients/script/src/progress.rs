//! The progress of a connection, shared by its two threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The progress of a connection.
#[derive(Default)]
pub(crate) struct Progress {
    now: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// The greeting arrived.
    pub(crate) greeted: bool,
    /// Reply bytes that were requested so far.
    pub(crate) owed: u64,
    /// Correct reply bytes that arrived.
    pub(crate) received: u64,
    /// The client has closed its side, so the server may close, too.
    pub(crate) disconnecting: bool,
    /// The receiver's result once it has ended.
    ended: Option<Result<(), Failure>>,
}

impl Progress {
    /// The current state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Updates are single assignments, so a poisoned lock still holds a consistent state.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the thread that waits for it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Records that the receiver has ended, and how.
    pub(crate) fn end(&self, result: Result<(), Failure>) {
        self.update(|now| now.ended = Some(result));
    }

    /// Waits until `reached`, until the receiver has ended, or for at most `pause` if there is one.
    /// Without a pause the receiver's timeout bounds the wait.
    pub(crate) fn wait(
        &self,
        pause: Option<Duration>,
        reached: impl Fn(&State) -> bool,
    ) -> Result<(), Failure> {
        let deadline = pause.map(|pause| Instant::now() + pause);
        let mut now = self.lock();
        loop {
            if let Some(result) = &now.ended {
                return result.clone();
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
