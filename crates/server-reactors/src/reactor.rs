//! One of the loops: its listening socket, its poller and its clients.

use std::io;
use std::net::TcpListener;

use chassis::Shutdown;
use poller::{Events, Watcher, wait};
use sockets::ready::{Clients, Shared};

/// One loop.
pub(crate) struct Reactor<'server> {
    clients: Clients<'server, Watcher>,
}

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
        Ok(Reactor { clients: poller::clients(listener, shared, shutdown)? })
    }

    /// Serves this loop's clients until shutdown is requested; how many there were.
    ///
    /// # Errors
    /// The listener or the poller is broken.
    pub(crate) fn run(mut self) -> io::Result<u64> {
        let (mut events, mut ready) = (Events::new(), Vec::new());
        while !self.clients.is_done() {
            let at_most = self.clients.time_left();
            wait(&mut self.clients, at_most, &mut events, &mut ready)?;
            self.clients.take_turns(&mut ready);
            self.clients.accept_batch();
            self.clients.look_if_due();
        }
        self.clients.accepted()
    }
}
