//! What all connections of a blocking server have in common, and the table of those that are open.

use std::sync::PoisonError;

use slab::Slab;

use crate::socket::Socket;
use crate::sync::{Arc, Mutex, MutexGuard};
use crate::{Counters, Options, Shutdown};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) shutdown: Shutdown,
    open: Mutex<Slab<Arc<Socket>>>,
}

impl Shared {
    pub(crate) fn new(options: &Options, shutdown: &Shutdown) -> Shared {
        Shared {
            options: options.clone(),
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
