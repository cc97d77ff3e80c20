//! Connections of the models that block: admitted, timed, and woken when the server stops.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::thread::{self, Builder, JoinHandle};

use tracing::{info, warn};

use crate::acceptor::wait_readable;
use crate::shared::Shared;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::{Connection, Drain, Options, Shutdown, Summary};

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
    /// Tells the drain thread that there is nobody left to see off.
    finished: Arc<AtomicBool>,
}

/// Small: the thread polls and walks a table.
const DRAIN_THREAD_STACK: usize = 64 * 1024;

impl Connections {
    /// No connections yet, and the drain thread started.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn new(options: &Options, shutdown: &Shutdown) -> io::Result<Connections> {
        let shared = Arc::new(Shared::new(options, shutdown));
        let finished = Arc::new(AtomicBool::new(false));
        let (drained, until) = (Arc::clone(&shared), Arc::clone(&finished));
        let drain_thread = Builder::new()
            .name("drain".to_owned())
            .stack_size(DRAIN_THREAD_STACK)
            .spawn(move || drain_when_asked(&drained, &until))?;
        let limit = options.max_connections();
        Ok(Connections { shared, limit, drain_thread: Some(drain_thread), finished })
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
    pub fn admit(&self, client: (TcpStream, SocketAddr)) -> Option<Connection> {
        Connection::admit(&self.shared, client, self.limit)
    }

    /// The figures at the end, when every [`Connection`] is gone.
    pub fn finish(mut self) -> Summary {
        self.stop_drain_thread();
        self.shared.counters.summary()
    }

    /// Returns whether it ran until now.
    fn stop_drain_thread(&mut self) -> bool {
        let Some(drain_thread) = self.drain_thread.take() else { return false };
        self.finished.store(true, SeqCst);
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

/// The drain thread: sleeps until shutdown is requested, then sees every connection off.
fn drain_when_asked(shared: &Shared, finished: &AtomicBool) {
    while !shared.shutdown.is_requested() {
        if let Err(error) = wait_readable(&[shared.shutdown.as_fd()], None) {
            warn!(%error, "cannot wait for shutdown: blocked connections will not be woken");
            return;
        }
    }
    let drain = Drain::begin(&shared.options);
    while !finished.load(SeqCst) {
        shared.for_each_open(|socket| socket.see_off(drain.step(&socket.stream, socket.last_activity())));
        thread::park_timeout(Drain::INTERVAL);
    }
}
