//! Where clients come from, until shutdown is requested, and the heartbeat of their tasks.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use chassis::{AcceptPolicy, AcceptStep, Shutdown};
use conversation::Service;
use sockets::tasks::Tasks;
use tokio::io::{Interest, unix::AsyncFd};
use tokio::net::UnixStream;
use tokio::task::{self, JoinHandle};
use tokio::{select, time};
use tracing::trace;

use crate::client::Client;
use crate::socket::watch;

/// The listener, what ends it, and what wakes the clients' tasks from time to time.
#[derive(Debug)]
pub struct Arrivals {
    /// Not tokio's own: that would register each client at once, and without its urgent bytes (see `client.rs`).
    listener: AsyncFd<TcpListener>,
    shutdown: UnixStream,
    policy: AcceptPolicy,
    tasks: Arc<Tasks>,
    beating: JoinHandle<()>,
    ended: io::Result<()>,
}

impl Arrivals {
    /// Takes over a bound listener, on the runtime that serves its clients.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking, or the runtime cannot wait for it.
    pub fn new(listener: TcpListener, tasks: &Arc<Tasks>, shutdown: &Shutdown) -> io::Result<Arrivals> {
        listener.set_nonblocking(true)?;
        let listener = watch(listener, Interest::READABLE)?;
        let shutdown = UnixStream::from_std(shutdown.to_stream()?)?;
        let tasks = Arc::clone(tasks);
        let beating = tokio::spawn(beat(Arc::clone(&tasks), |_| false));
        Ok(Arrivals { listener, shutdown, policy: AcceptPolicy::new(), tasks, beating, ended: Ok(()) })
    }

    /// Waits for the next client that is admitted; `None` once shutdown has been requested, or the listener is broken.
    pub async fn next_client<S: Service>(&mut self) -> Option<(Client<S>, TcpStream)> {
        loop {
            match self.accept().await {
                Ok(stream) => {
                    let stream = stream?;
                    if let Some(place) = self.tasks.admit() {
                        return Some((Client::new(place), stream));
                    }
                }
                Err(error) => {
                    self.ended = Err(error);
                    return None;
                }
            }
        }
    }

    async fn accept(&mut self) -> io::Result<Option<TcpStream>> {
        loop {
            let accepted = select! {
                _ = self.shutdown.readable() => return Ok(None),
                accepted = self.listener.async_io(Interest::READABLE, chassis::accept) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.policy.succeeded();
                    return Ok(Some(stream));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait | AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => time::sleep(pause).await,
                },
            }
        }
    }

    /// Accepts no more. Brings all clients to their end, and returns when they are gone.
    ///
    /// # Errors
    /// The listener was broken.
    pub async fn drain(self) -> io::Result<()> {
        drop(self.listener);
        self.beating.abort();
        self.tasks.begin_drain();
        beat(self.tasks, Tasks::are_gone).await;
        self.ended
    }
}

/// Tasks have no timers of their own: this wakes every one, often enough that no timeout is noticed more than an eighth
/// too late (see [`sockets::tasks`]).
async fn beat(tasks: Arc<Tasks>, until: fn(&Tasks) -> bool) {
    while !until(&tasks)
        && let Some(pause) = tasks.time_left()
    {
        time::sleep(pause).await;
        // After a time in which the process was stopped, the timer is ahead of the sockets: the runtime
        // must report what has arrived before anybody is found to have been silent for too long.
        task::yield_now().await;
        tasks.beat();
    }
}
