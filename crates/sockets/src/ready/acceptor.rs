//! Accepting without blocking or spinning.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use chassis::{AcceptPolicy, AcceptStep};
use tracing::trace;

/// A listener that does not block, and whether it is worth asking.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    /// An edge-triggered poller does not report again that a client may be waiting.
    clients_wait: bool,
    policy: AcceptPolicy,
    /// A resource was short: do not accept before this moment.
    pause_until: Option<Instant>,
}

impl Acceptor {
    /// Takes over a bound listener; no client waits yet.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener) -> io::Result<Acceptor> {
        listener.set_nonblocking(true)?;
        Ok(Acceptor { listener, clients_wait: false, policy: AcceptPolicy::new(), pause_until: None })
    }

    /// The poller has reported the listener.
    pub fn clients_wait(&mut self) {
        self.clients_wait = true;
    }

    /// The next client's socket, which does not block; `None` if no client waits or a resource is short.
    ///
    /// # Errors
    /// The listener itself is broken; every other failure is waited out (see [`AcceptPolicy`]).
    pub fn next_client(&mut self) -> io::Result<Option<TcpStream>> {
        while self.time_left() == Some(Duration::ZERO) {
            match chassis::accept(&self.listener) {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.policy.succeeded();
                    self.pause_until = None;
                    return Ok(Some(stream));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait => self.clients_wait = false,
                    AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => self.pause_until = Some(Instant::now() + pause),
                },
            }
        }
        Ok(None)
    }

    /// How long until the listener should be asked again; `None` until the poller reports it. The loop must not sleep
    /// longer. A level-triggered one leaves the listener out of what it waits for while this is `Some`: during a
    /// pause it would be reported again and again.
    pub fn time_left(&self) -> Option<Duration> {
        let pause_left = self.pause_until.map(|until| until.saturating_duration_since(Instant::now()));
        self.clients_wait.then_some(pause_left.unwrap_or_default())
    }
}

impl AsFd for Acceptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}
