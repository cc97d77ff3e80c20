//! All clients of a model that blocks: admitted, counted, and drained when the server stops.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::thread::{self, Builder, JoinHandle};

use chassis::sync::Arc;
use chassis::sync::atomic::{AtomicBool, Ordering::SeqCst};
use chassis::{Options, Shutdown, Summary};
use conversation::{Drain, Service, decide};
use tracing::{info, warn};

use super::acceptor::wait_readable;
use super::client::Client;
use super::shared::Shared;
use crate::ask::ask;
use crate::clock::now;

/// All open connections of a server whose threads block in `recv` and `send`, and the drain thread.
#[derive(Debug)]
pub struct Connections {
    shared: Arc<Shared>,
    limit: usize,
    drain_thread: Option<JoinHandle<()>>,
    /// Tells the drain thread that every connection is gone.
    finished: Arc<AtomicBool>,
}

/// Small: the thread polls and walks a table.
const DRAIN_THREAD_STACK: usize = 64 * 1024;

impl Connections {
    /// No connections yet, and the drain thread started.
    ///
    /// # Errors
    /// The drain thread cannot be spawned.
    pub fn new(options: &Options, shutdown: &Shutdown) -> io::Result<Connections> {
        let shared = Arc::new(Shared::new(options, shutdown));
        let finished = Arc::new(AtomicBool::new(false));
        let (drained, until) = (Arc::clone(&shared), Arc::clone(&finished));
        let drain_thread = Builder::new()
            .name("drain".to_owned())
            .stack_size(DRAIN_THREAD_STACK)
            .spawn(move || drain_when_asked(&drained, &until))
            .map_err(|error| {
                let advice = "raise the limit on threads (`ulimit -u`) or free memory";
                io::Error::new(error.kind(), format!("the drain thread cannot be spawned: {error}; {advice}"))
            })?;
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
    /// The client may now wait for a thread; [`Client::run`] serves it. Dropped without having run, it counts as
    /// rejected.
    pub fn admit<S: Service>(&self, client: (TcpStream, SocketAddr)) -> Option<Client<S>> {
        Client::admit(&self.shared, client, self.limit)
    }

    /// The figures at the end, when every [`Client`] is gone.
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

/// Dropped instead of finished, as when the listener broke: the figures are not returned, so they are logged.
impl Drop for Connections {
    fn drop(&mut self) {
        if self.stop_drain_thread() {
            info!("{}", self.shared.counters.summary());
        }
    }
}

/// The drain thread: sleeps until shutdown is requested, then drains every connection.
fn drain_when_asked(shared: &Shared, finished: &AtomicBool) {
    while !shared.shutdown.is_requested() {
        if let Err(error) = wait_readable(&[shared.shutdown.as_fd()], None) {
            warn!(%error, "cannot wait for shutdown: blocked connections will not be woken");
            return;
        }
    }
    let mut looked = now();
    let mut drain = Drain::begin(looked, shared.options.drain_timeout);
    while !finished.load(SeqCst) {
        let now_looked = now();
        drain.look_was_late(now_looked.since(looked).saturating_sub(Drain::INTERVAL), now_looked);
        looked = now_looked;
        shared.for_each_open(|socket| {
            let last_activity = socket.last_activity();
            socket.drain(decide(
                |known| drain.step(now(), last_activity, known),
                |question| ask(&socket.stream, question),
            ));
        });
        thread::park_timeout(Drain::INTERVAL);
    }
}
