//! mio for the clients that [`sockets::ready`] keeps.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use chassis::Shutdown;
use conversation::Service;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token, Waker};
use sockets::ready::{Awaited, Clients, Registry, Shared};

use crate::{BATCH, INTERESTS, WAKER};

/// The poller of [`Clients`]. It reports changes, so a client is registered once, for everything.
#[derive(Debug)]
pub struct Watcher(Poll);

/// What one wait has reported.
#[derive(Debug)]
pub struct Events(mio::Events);

impl Events {
    /// None yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it allocates room for a batch")]
    pub fn new() -> Events {
        Events(mio::Events::with_capacity(BATCH))
    }
}

/// No clients yet; the listener and the request to stop are watched.
///
/// # Errors
/// The kernel's poller cannot be made, or the listener cannot be made non-blocking.
pub fn clients<'server, S: Service>(
    listener: TcpListener,
    shared: &'server Shared,
    shutdown: &'server Shutdown,
) -> io::Result<Clients<'server, Watcher, S>> {
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let clients = Clients::new(listener, shared, shutdown, Watcher(poll))?;
    for (key, socket, _) in clients.sockets() {
        registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(key), Interest::READABLE)?;
    }
    Ok(clients)
}

/// Waits until something can be done, at most for this long, and notes whose turn it is. A signal ends the wait, with
/// nothing.
///
/// # Errors
/// The poller is broken.
pub fn wait<S: Service>(
    clients: &mut Clients<'_, Watcher, S>,
    at_most: Option<Duration>,
    events: &mut Events,
    ready: &mut Vec<usize>,
) -> io::Result<()> {
    match clients.registry().0.poll(&mut events.0, at_most) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
        Err(error) => return Err(error),
    }
    for event in &events.0 {
        let Token(key) = event.token();
        if event.is_read_closed() || event.is_priority() {
            clients.expect_more(key);
        }
        ready.push(key);
    }
    Ok(())
}

/// With it another thread ends a [`wait`].
///
/// # Errors
/// The kernel has no descriptor left for it.
pub fn waker<S: Service>(clients: &mut Clients<'_, Watcher, S>) -> io::Result<Waker> {
    Waker::new(clients.registry().0.registry(), WAKER)
}

impl Registry for Watcher {
    const REPORTS_CHANGES: bool = true;

    fn add(&mut self, key: usize, client: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        self.0.registry().register(&mut SourceFd(&client.as_raw_fd()), Token(key), INTERESTS)
    }

    fn change(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }
}
