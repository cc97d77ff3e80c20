//! What a poller is told of the sockets that it waits for.

use std::io;
use std::os::fd::BorrowedFd;

use conversation::Service;

use super::Client;
use crate::wire::Wire;

/// What a socket is waited for. A socket with room is always ready, so room is awaited only while a reply waits for it;
/// and unread bytes would be reported all that time, so they are not awaited then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Bytes to read, or a client to accept.
    Bytes,
    /// Room to write.
    Room,
}

/// A poller that remembers the sockets that it waits for, and is told when they come and change. Nobody says when they
/// go: a closed socket leaves the poller by itself.
pub trait Registry {
    /// Whether it reports that a socket has become ready (edge-triggered), and not that it is (level-triggered). It then
    /// waits for bytes and room at once, and a client that could not finish its turn is not reported again.
    const REPORTS_CHANGES: bool;

    /// Whether each wait walks all sockets, ready or not.
    const WALKS_ALL: bool = false;

    /// A new client.
    ///
    /// # Errors
    /// What the system says; it ends the client.
    fn add(&mut self, key: usize, socket: BorrowedFd<'_>, awaited: Awaited) -> io::Result<()>;

    /// What a client is waited for has changed.
    ///
    /// # Errors
    /// What the system says; it ends the client.
    fn change(&mut self, key: usize, socket: BorrowedFd<'_>, awaited: Awaited) -> io::Result<()>;
}

/// For system calls that remember nothing, and are given all sockets each time.
#[derive(Clone, Copy, Debug)]
pub struct NoRegistry;

impl Registry for NoRegistry {
    const REPORTS_CHANGES: bool = false;
    const WALKS_ALL: bool = true;

    fn add(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }

    fn change(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Wire, S: Service> Client<W, S> {
    /// What this client is waited for.
    pub(super) fn awaited(&self) -> Awaited {
        if self.waits_for_room() { Awaited::Room } else { Awaited::Bytes }
    }
}
