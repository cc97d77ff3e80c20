//! Connections of the models that block: admitted, timed, and woken when the server stops.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use slab::Slab;
use tracing::{debug, warn};

use crate::acceptor::wait_readable;
use crate::connection::{Connection, Socket};
use crate::{Counters, Drain, Options, Outcome, Shutdown, Summary};

/// All open connections of a server whose threads block in `recv` and `send`.
///
/// A blocked thread sees neither a flag nor a clock. Timeouts are therefore the kernel's (`SO_RCVTIMEO`
/// for `recv`, the timeout of `poll` when a `send` must wait), and for shutdown one *drain thread* sleeps beside the model. When
/// shutdown is requested it closes the receiving half of each quiet socket: the blocked `recv` returns
/// 0, just as if the client had closed, and the connection ends the way connections always end.
#[derive(Debug)]
pub struct Connections {
    shared: Arc<Shared>,
    /// Dropped to tell the drain thread that the server is done.
    running: Option<UnixStream>,
    drain_thread: Option<JoinHandle<()>>,
}

/// What the connections, their table and the drain thread have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) shutdown: Shutdown,
    max_connections: usize,
    open: Mutex<Slab<Arc<Socket>>>,
    finished: AtomicBool,
}

/// Small: the thread polls and walks a table.
const DRAIN_THREAD_STACK: usize = 64 * 1024;

impl Connections {
    /// No connections yet, and the drain thread started.
    ///
    /// # Errors
    /// No thread or no descriptors to be had.
    pub fn new(options: &Options, shutdown: &Shutdown) -> io::Result<Connections> {
        let shared = Arc::new(Shared {
            options: options.clone(),
            counters: Counters::new(),
            shutdown: shutdown.clone(),
            max_connections: options.max_connections(),
            open: Mutex::default(),
            finished: AtomicBool::new(false),
        });
        let (running, closed_when_done) = UnixStream::pair()?;
        let drained = Arc::clone(&shared);
        let drain_thread = Builder::new()
            .name("drain".to_owned())
            .stack_size(DRAIN_THREAD_STACK)
            .spawn(move || drained.drain_when_asked(&closed_when_done))?;
        Ok(Connections { shared, running: Some(running), drain_thread: Some(drain_thread) })
    }

    /// Takes in a client that has been accepted, or closes it at once if the server is full.
    ///
    /// The connection may now wait for a thread; [`Connection::run`] serves it. Dropped without having
    /// run, it counts as rejected.
    pub fn admit(&self, (stream, peer): (TcpStream, SocketAddr)) -> Option<Connection> {
        self.shared.counters.accept();
        let socket = Arc::new(Socket::new(stream));
        let Some(key) = self.shared.insert(&socket) else {
            self.shared.counters.close(Outcome::Rejected);
            debug!(%peer, limit = self.shared.max_connections, "rejected: --max-conns are open");
            return None;
        };
        Some(Connection::new(Arc::clone(&self.shared), socket, key, peer))
    }

    /// The figures at the end, when every [`Connection`] is gone.
    pub fn finish(mut self) -> Summary {
        self.stop_drain_thread();
        self.shared.counters.summary()
    }

    fn stop_drain_thread(&mut self) {
        self.shared.finished.store(true, SeqCst);
        self.running = None;
        if let Some(thread) = self.drain_thread.take()
            && thread.join().is_err()
        {
            warn!("the drain thread panicked");
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.stop_drain_thread();
    }
}

impl Shared {
    /// Adds a socket to the table unless the table is full.
    fn insert(&self, socket: &Arc<Socket>) -> Option<usize> {
        let mut open = self.open();
        (open.len() < self.max_connections).then(|| open.insert(Arc::clone(socket)))
    }

    pub(crate) fn remove(&self, key: usize) {
        self.open().try_remove(key);
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn open(&self) -> MutexGuard<'_, Slab<Arc<Socket>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drain thread: sleeps until shutdown is requested or the server is done, then sees every
    /// connection off.
    fn drain_when_asked(&self, done: &UnixStream) {
        let finished = || self.finished.load(SeqCst);
        while !finished() && !self.shutdown.is_requested() {
            if let Err(error) = wait_readable(&[self.shutdown.as_fd(), done.as_fd()], None) {
                warn!(%error, "cannot wait for shutdown: blocked connections will not be woken");
                return;
            }
        }
        let drain = Drain::begin(&self.options);
        while !finished() {
            for (_, socket) in self.open().iter() {
                socket.see_off(&drain);
            }
            if wait_readable(&[done.as_fd()], Some(Drain::INTERVAL)).is_err() {
                std::thread::sleep(Drain::INTERVAL);
            }
        }
    }
}
