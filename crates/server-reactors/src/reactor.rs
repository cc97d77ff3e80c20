//! One of the loops: its listening socket, its poller and its clients.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd};

use chassis::Shutdown;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use sockets::ready::{Awaited, Clients, Registry, Shared};

/// What is awaited of a client. Urgent bytes, too: a read stops at one, and then a short read does not mean that the
/// socket is empty.
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);

/// One loop.
pub(crate) struct Reactor<'server> {
    clients: Clients<'server, Poller>,
}

/// mio's poller reports changes, so a client is registered once, for everything.
struct Poller(Poll);

impl<'server> Reactor<'server> {
    /// A loop with no clients yet.
    ///
    /// # Errors
    /// The poller cannot be made.
    pub(crate) fn new(
        listener: TcpListener,
        shared: &'server Shared,
        shutdown: &'server Shutdown,
    ) -> io::Result<Reactor<'server>> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let clients = Clients::new(listener, shared, shutdown, Poller(poll))?;
        for (key, socket, _) in clients.sockets() {
            registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(key), Interest::READABLE)?;
        }
        Ok(Reactor { clients })
    }

    /// Serves this loop's clients until shutdown is requested; how many there were.
    ///
    /// # Errors
    /// The listener or the poller is broken.
    pub(crate) fn run(mut self) -> io::Result<u64> {
        let (mut events, mut ready) = (Events::with_capacity(1024), Vec::new());
        while !self.clients.is_done() {
            self.wait(&mut events, &mut ready)?;
            self.clients.take_turns(&mut ready);
            self.clients.accept_batch();
            self.clients.look_if_due();
        }
        self.clients.accepted()
    }

    /// Waits until something can be done, and notes whose turn it is.
    fn wait(&mut self, events: &mut Events, ready: &mut Vec<usize>) -> io::Result<()> {
        let timeout = self.clients.time_left();
        match self.clients.registry().0.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        for event in &*events {
            let Token(key) = event.token();
            if event.is_read_closed() || event.is_priority() {
                self.clients.expect_more(key);
            }
            ready.push(key);
        }
        Ok(())
    }
}

impl Registry for Poller {
    const REPORTS_CHANGES: bool = true;

    fn add(&mut self, key: usize, client: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        self.0.registry().register(&mut SourceFd(&client.as_raw_fd()), Token(key), INTERESTS)
    }

    fn change(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }
}
