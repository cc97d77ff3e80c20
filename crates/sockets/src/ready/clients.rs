//! The clients of one loop around a level-triggered poller, and what the loop does for them between two waits.

use std::fmt;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use chassis::{Options, Outcome, Summary};
use conversation::Watch;
use slab::Slab;
use tracing::debug;

use super::{Acceptor, BUFFER_SIZE, Client, Shared, Turn};
use crate::clock::now;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// What a wait has reported.
#[derive(Debug, Default)]
pub struct Ready {
    /// The keys of the clients that can be read or written.
    pub clients: Vec<usize>,
    /// Whether a client waits at the listener.
    pub listener: bool,
    /// Whether the server is to stop.
    pub shutdown: bool,
}

/// The clients of one loop, each with a key that it keeps; a table without holes if nobody leaves.
pub struct Clients {
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    table: Slab<Client<TcpStream>>,
    buffer: Box<[u8]>,
    watch: Watch,
    shared: Shared,
    /// Rounds so far: whoever is first in one round is not first in the next.
    round: usize,
    /// The error that ended the listener.
    ended: io::Result<()>,
}

impl Clients {
    /// No clients yet.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options) -> io::Result<Clients> {
        Ok(Clients {
            acceptor: Some(Acceptor::new(listener)?),
            table: Slab::new(),
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            watch: Watch::new(options, now()),
            shared: Shared::new(options),
            round: 0,
            ended: Ok(()),
        })
    }

    /// Whether the server has been asked to stop and nobody is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.watch.is_draining() && self.table.is_empty()
    }

    /// How long the loop may sleep if nothing happens; `None` for ever.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.table.is_empty());
        [accept, look].into_iter().flatten().min()
    }

    /// The listener, while it should be waited for: not in a drain, and not while a resource is short, when it would be
    /// reported again and again.
    #[must_use]
    pub fn listener(&self) -> Option<BorrowedFd<'_>> {
        let acceptor = self.acceptor.as_ref().filter(|acceptor| acceptor.time_left().is_none());
        acceptor.map(AsFd::as_fd)
    }

    /// Whether a request to stop has yet to come. Later it stays readable, and would keep the loop awake.
    #[must_use]
    pub fn awaits_shutdown(&self) -> bool {
        !self.watch.is_draining()
    }

    /// Every client with its key, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Client<TcpStream>)> {
        self.table.iter()
    }

    /// The client with this key, if it is still there.
    #[must_use]
    pub fn get(&self, key: usize) -> Option<&Client<TcpStream>> {
        self.table.get(key)
    }

    /// A turn for each client that is ready, each round beginning with another one; then `changed` is told of those that
    /// now wait for something else. An error of it ends that client.
    pub fn take_turns(
        &mut self,
        ready: &mut Ready,
        mut changed: impl FnMut(usize, &Client<TcpStream>) -> io::Result<()>,
    ) {
        if !ready.clients.is_empty() {
            let first = self.round % ready.clients.len();
            ready.clients.rotate_left(first);
            self.round = self.round.wrapping_add(1);
        }
        for key in ready.clients.drain(..) {
            self.take_turn(key, &mut changed);
        }
        if std::mem::take(&mut ready.shutdown) {
            self.begin_drain();
        }
        if std::mem::take(&mut ready.listener) {
            self.acceptor.iter_mut().for_each(Acceptor::clients_wait);
        }
    }

    /// Accepts and greets a bounded number of clients; each is handed to `add` with its key. After the turns: a
    /// newcomer may get the key of one that was closed in this round.
    pub fn accept_batch(&mut self, mut add: impl FnMut(usize, &Client<TcpStream>) -> io::Result<()>) {
        for _ in 0..ACCEPT_BATCH {
            let stream = match self.acceptor.as_mut().map(Acceptor::next_client) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(stream))) => stream,
                Some(Err(error)) => {
                    self.ended = Err(error);
                    self.begin_drain();
                    break;
                }
            };
            if !self.shared.admits_one_more(self.table.len()) {
                continue;
            }
            let place = self.table.vacant_entry();
            let greeted = Client::greet(stream, &self.shared);
            match greeted.and_then(|client| add(place.key(), &client).map(|()| client)) {
                Ok(client) => _ = place.insert(client),
                Err(error) => {
                    debug!(%error, "cannot greet a client");
                    self.shared.close(Outcome::Error);
                }
            }
        }
    }

    /// What no poller reports: that a client has been silent for too long, or that it may go in a drain. `changed` is told
    /// as by [`take_turns`](Self::take_turns).
    pub fn look_if_due(&mut self, mut changed: impl FnMut(usize, &Client<TcpStream>) -> io::Result<()>) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.table.capacity() {
            let Some(client) = self.table.get_mut(key) else { continue };
            match client.look(&moment, &self.shared) {
                Turn::Wait => {}
                // Its socket may have nothing to report.
                Turn::Unfinished => self.take_turn(key, &mut changed),
                Turn::End(outcome) => self.close(key, outcome),
            }
        }
    }

    /// Everybody is gone: the summary.
    ///
    /// # Errors
    /// The listener was broken.
    pub fn finish(self) -> io::Result<Summary> {
        self.shared.counters.finish(self.ended)
    }

    fn take_turn(
        &mut self,
        key: usize,
        changed: &mut impl FnMut(usize, &Client<TcpStream>) -> io::Result<()>,
    ) {
        let Some(client) = self.table.get_mut(key) else { return };
        let waited_for_room = client.waits_for_room();
        let turn = client.take_turn(&mut self.buffer, &self.shared);
        if let Turn::End(outcome) = turn {
            self.close(key, outcome);
        } else if client.waits_for_room() != waited_for_room
            && let Err(error) = changed(key, client)
        {
            debug!(%error, "cannot wait for a client");
            self.close(key, Outcome::Error);
        }
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    /// Dropping the client closes its socket.
    fn close(&mut self, key: usize, outcome: Outcome) {
        self.table.remove(key);
        self.shared.close(outcome);
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").field("open", &self.table.len()).finish_non_exhaustive()
    }
}
