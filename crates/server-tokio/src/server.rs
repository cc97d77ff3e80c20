//! What the tasks share: places, the heartbeat, the drain.
//!
//! The usual tools, a `timeout` around each read and a `select!` with a shutdown signal, would be a part of
//! every waiting task and would be set anew for each message. So no task has either: the server's
//! *heartbeat* wakes all of them some times per timeout, and each looks at the clock and at the drain for
//! itself.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use chassis::{Counters, Drain, Options};
use slab::Slab;
use tokio::{task, time};

/// What all tasks share.
pub(crate) struct Server {
    pub(crate) counters: Counters,
    pub(crate) options: Options,
    max_connections: usize,
    /// One waker for each client that is connected.
    tasks: Mutex<Slab<Waker>>,
    pub(crate) beats: AtomicU32,
    pub(crate) drain: OnceLock<Drain>,
}

impl Server {
    pub(crate) fn new(options: &Options) -> Server {
        Server {
            counters: Counters::new(),
            options: options.clone(),
            max_connections: options.max_connections(),
            tasks: Mutex::default(),
            beats: AtomicU32::new(1),
            drain: OnceLock::new(),
        }
    }

    /// A place for one more client, unless `--max-conns` are taken.
    pub(crate) fn take_place(self: &Arc<Self>) -> Option<Place> {
        let mut tasks = self.tasks();
        let key = u32::try_from(tasks.vacant_key()).ok().filter(|_| tasks.len() < self.max_connections)?;
        tasks.insert(Waker::noop().clone());
        Some(Place { key, beat_seen: 0, server: Arc::clone(self) })
    }

    /// Wakes every task often enough that no timeout is noticed more than an eighth too late.
    pub(crate) async fn beat(self: Arc<Self>) {
        let Some(interval) = self.options.look_interval() else { return };
        loop {
            time::sleep(interval).await;
            // After a time in which the process was stopped, the timer is ahead of the sockets: the runtime
            // must report what has arrived before anybody is found to have been silent for too long.
            task::yield_now().await;
            self.wake_all();
        }
    }

    /// Sees all clients off and returns when the last one has gone.
    pub(crate) async fn drain(&self) {
        self.drain.get_or_init(|| Drain::begin(&self.options));
        while !self.tasks().is_empty() {
            self.wake_all();
            time::sleep(Drain::INTERVAL).await;
        }
    }

    fn wake_all(&self) {
        self.beats.fetch_add(1, Relaxed);
        self.tasks().iter().for_each(|(_, task)| task.wake_by_ref());
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    pub(crate) fn tasks(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the connected clients, given back when it is dropped.
pub(crate) struct Place {
    pub(crate) server: Arc<Server>,
    /// Its number in the table; narrow, because each waiting client pays for it.
    pub(crate) key: u32,
    /// The last heartbeat that its task has looked at; 0 before its first wait.
    pub(crate) beat_seen: u32,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.server.tasks().try_remove(self.key as usize);
    }
}
