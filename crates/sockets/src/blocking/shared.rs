//! What all connections of a blocking server have in common, and the table of those that are open.

use std::sync::PoisonError;
use std::time::Duration;

use chassis::sync::{Arc, Mutex, MutexGuard};
use chassis::{Counters, Options, Shutdown};
use conversation::Timeouts;
use slab::Slab;

use super::socket::Socket;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) timeouts: Timeouts,
    pub(crate) look_interval: Option<Duration>,
    pub(crate) counters: Counters,
    pub(crate) shutdown: Shutdown,
    open: Mutex<Slab<Arc<Socket>>>,
}

impl Shared {
    pub(crate) fn new(options: &Options, shutdown: &Shutdown) -> Shared {
        let timeouts = Timeouts::new(options);
        Shared {
            options: options.clone(),
            timeouts,
            look_interval: timeouts.look_interval(),
            counters: Counters::new(),
            shutdown: shutdown.clone(),
            open: Mutex::default(),
        }
    }

    /// Adds a socket to the table unless `limit` are there.
    pub(crate) fn insert(&self, socket: &Arc<Socket>, limit: usize) -> Option<usize> {
        let mut open = self.open();
        (open.len() < limit).then(|| open.insert(Arc::clone(socket)))
    }

    pub(crate) fn remove(&self, key: usize) {
        self.open().try_remove(key);
    }

    pub(crate) fn for_each_open(&self, mut visit: impl FnMut(&Socket)) {
        self.open().iter().for_each(|(_, socket)| visit(socket));
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn open(&self) -> MutexGuard<'_, Slab<Arc<Socket>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
