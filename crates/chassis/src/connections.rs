//! Connections of the models that block: admitted, timed, and woken when the server stops.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle};

use slab::Slab;
use tracing::{debug, info, trace, warn};

use crate::acceptor::wait_readable;
use crate::connection::{Connection, Socket};
use crate::{Counters, Drain, Options, Outcome, Shutdown, Summary};

/// All open connections of a server whose threads block in `recv` and `send`.
///
/// A blocked thread sees neither a flag nor a clock. Timeouts are therefore the kernel's (`SO_RCVTIMEO`
/// for `recv`, the timeout of `poll` when a `send` must wait), and for shutdown one *drain thread* sleeps
/// beside the model. When shutdown is requested it closes the receiving half of each idle socket: the
/// blocked `recv` returns 0, just as if the client had closed, and the connection ends the way connections
/// always end.
#[derive(Debug)]
pub struct Connections {
    shared: Arc<Shared>,
    limit: usize,
    drain_thread: Option<JoinHandle<()>>,
}

/// What the connections, their table and the drain thread have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) shutdown: Shutdown,
    open: Mutex<Slab<Arc<Socket>>>,
    finished: AtomicBool,
}

/// Small: the thread polls and walks a table.
const DRAIN_THREAD_STACK: usize = 64 * 1024;

impl Connections {
    /// No connections yet, and the drain thread started.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn new(options: &Options, shutdown: &Shutdown) -> io::Result<Connections> {
        let shared = Arc::new(Shared {
            options: options.clone(),
            counters: Counters::new(),
            shutdown: shutdown.clone(),
            open: Mutex::default(),
            finished: AtomicBool::new(false),
        });
        let drained = Arc::clone(&shared);
        let drain_thread = Builder::new()
            .name("drain".to_owned())
            .stack_size(DRAIN_THREAD_STACK)
            .spawn(move || drained.drain_when_asked())?;
        let limit = options.max_connections();
        Ok(Connections { shared, limit, drain_thread: Some(drain_thread) })
    }

    /// Holds no more than `limit` connections, even if `--max-conns` allows them.
    #[must_use]
    pub fn at_most(mut self, limit: usize) -> Connections {
        self.limit = self.limit.min(limit);
        self
    }

    /// Takes in a client that has been accepted, or closes it at once if the server is full.
    ///
    /// The connection may now wait for a thread; [`Connection::run`] serves it. Dropped without having
    /// run, it counts as rejected.
    pub fn admit(&self, (stream, peer): (TcpStream, SocketAddr)) -> Option<Connection> {
        trace!(%peer, "accepted");
        self.shared.counters.accept();
        let socket = Arc::new(Socket::new(stream));
        let Some(key) = self.shared.insert(&socket, self.limit) else {
            self.shared.counters.close(Outcome::Rejected);
            debug!(%peer, limit = self.limit, "rejected: as many connections as may be are open");
            return None;
        };
        Some(Connection::new(Arc::clone(&self.shared), socket, key, peer))
    }

    /// The figures at the end, when every [`Connection`] is gone.
    pub fn finish(mut self) -> Summary {
        self.stop_drain_thread();
        self.shared.counters.summary()
    }

    /// Returns whether it ran until now.
    fn stop_drain_thread(&mut self) -> bool {
        let Some(drain_thread) = self.drain_thread.take() else { return false };
        self.shared.finished.store(true, SeqCst);
        // It still sleeps if the server could not start and therefore never stopped.
        self.shared.shutdown.request();
        drain_thread.thread().unpark();
        if drain_thread.join().is_err() {
            warn!("the drain thread panicked");
        }
        true
    }
}

/// Dropped instead of finished, as when the listener broke: nobody will return the figures, so they are
/// logged.
impl Drop for Connections {
    fn drop(&mut self) {
        if self.stop_drain_thread() {
            info!("{}", self.shared.counters.summary());
        }
    }
}

impl Shared {
    /// Adds a socket to the table unless `limit` are there.
    fn insert(&self, socket: &Arc<Socket>, limit: usize) -> Option<usize> {
        let mut open = self.open();
        (open.len() < limit).then(|| open.insert(Arc::clone(socket)))
    }

    pub(crate) fn remove(&self, key: usize) {
        self.open().try_remove(key);
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn open(&self) -> MutexGuard<'_, Slab<Arc<Socket>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drain thread: sleeps until shutdown is requested, then sees every connection off.
    fn drain_when_asked(&self) {
        while !self.shutdown.is_requested() {
            if let Err(error) = wait_readable(&[self.shutdown.as_fd()], None) {
                warn!(%error, "cannot wait for shutdown: blocked connections will not be woken");
                return;
            }
        }
        let drain = Drain::begin(&self.options);
        while !self.finished.load(SeqCst) {
            for (_, socket) in self.open().iter() {
                socket.see_off(&drain);
            }
            thread::park_timeout(Drain::INTERVAL);
        }
    }
}
