//! The clients of one loop, and what the loop does for them between two waits.

mod work;

use std::fmt;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use chassis::{BACKLOG, Outcome, Shutdown, Summary};
use conversation::{Echo, Service, Watch};
use tracing::debug;

use super::registry::{Awaited, Registry};
use super::table::Table;
use super::{Acceptor, BUFFER_SIZE, Client, Queue, Shared, Turn};
use crate::clock::now;

/// Keys that no client has: theirs count up from 0, and are taken again.
const LISTENER: usize = usize::MAX;
const SHUTDOWN: usize = usize::MAX - 1;

/// Clients for which the table has room from the start. More make it grow.
const ROOM: usize = 1 << 16;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Where each wait walks all sockets, one of this many may be a new one: about as many can be accepted in the time of the
/// walk. A fixed number would make a burst of n clients cost n² steps, and the last ones wait long for their greeting.
const WALKED_FOR_EACH_ACCEPTED: usize = 32;

/// The clients of one loop, each with a key that it keeps while it is connected.
pub struct Clients<'server, R, S: Service = Echo> {
    registry: R,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    /// How many clients it has accepted.
    accepted: u64,
    table: Table<Client<TcpStream, S>>,
    /// Those that a poller of changes does not report again: their last turn ended before their input did.
    unfinished: Vec<usize>,
    /// Those that have work to be taken, first come first served.
    working: Queue,
    /// Those that have left since somebody took their work.
    left: Vec<usize>,
    buffer: Box<[u8]>,
    watch: Watch,
    shared: &'server Shared,
    shutdown: &'server Shutdown,
    /// Rounds so far: whoever is first in one round is not first in the next.
    round: usize,
    /// The error that ended the listener.
    ended: io::Result<()>,
}

impl<'server, R: Registry, S: Service> Clients<'server, R, S> {
    /// No clients yet.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(
        listener: TcpListener,
        shared: &'server Shared,
        shutdown: &'server Shutdown,
        registry: R,
    ) -> io::Result<Clients<'server, R, S>> {
        const {
            assert!(
                S::IS_IMMEDIATE || R::REPORTS_CHANGES,
                "it would report unread bytes while a client's work is done"
            );
        };
        Ok(Clients {
            registry,
            acceptor: Some(Acceptor::new(listener)?),
            accepted: 0,
            table: Table::with_room_for(shared.max_connections.min(ROOM)),
            unfinished: Vec::new(),
            working: Queue::default(),
            left: Vec::new(),
            buffer: vec![0; BUFFER_SIZE.min(S::MOST_AT_ONCE)].into_boxed_slice(),
            watch: Watch::new(&shared.options, now()),
            shared,
            shutdown,
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
        let go_on = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.table.is_empty());
        [go_on, accept, look].into_iter().flatten().min()
    }

    /// Everything that is to be waited for now, each with its key: the clients, in the order of the table, then the
    /// listener and the request to stop. The listener is left out in a drain and while a resource is short, and the
    /// request once it has come: they would keep a loop that is told of states awake.
    pub fn sockets(&self) -> impl Iterator<Item = (usize, BorrowedFd<'_>, Awaited)> {
        let clients = self.table.iter().map(|(key, client)| (key, client.as_fd(), client.awaited()));
        let listener = self.acceptor.as_ref().filter(|acceptor| acceptor.time_left().is_none());
        let shutdown = (!self.watch.is_draining()).then_some(self.shutdown);
        clients
            .chain(listener.map(|listener| (LISTENER, listener.as_fd(), Awaited::Bytes)))
            .chain(shutdown.map(|shutdown| (SHUTDOWN, shutdown.as_fd(), Awaited::Bytes)))
    }

    /// The poller that is told of the clients.
    pub fn registry(&mut self) -> &mut R {
        &mut self.registry
    }

    /// A poller of changes has reported something that [`Client::expect_more`] is for. Other keys than those of
    /// clients are ignored.
    pub fn expect_more(&mut self, key: usize) {
        self.table.get_mut(key).into_iter().for_each(Client::expect_more);
    }

    /// One turn for each client that was reported as ready, each round beginning with another one. Empties the list.
    pub fn take_turns(&mut self, ready: &mut Vec<usize>) {
        let unfinished = std::mem::take(&mut self.unfinished);
        let mut is_to_stop = false;
        for key in rotated(ready, self.round) {
            match key {
                LISTENER => self.acceptor.iter_mut().for_each(Acceptor::clients_wait),
                SHUTDOWN => is_to_stop = true,
                key => self.take_turn(key),
            }
        }
        ready.clear();
        self.round = self.round.wrapping_add(1);
        for key in unfinished {
            if let Some(client) = self.table.get_mut(key) {
                client.is_queued = false;
                self.take_turn(key);
            }
        }
        if is_to_stop {
            self.begin_drain();
        }
    }

    /// Accepts and greets a bounded number of clients. After the turns: a newcomer may get the key of one that was closed
    /// in this round, and must not get what was reported of that one.
    pub fn accept_batch(&mut self) {
        let walked = if R::WALKS_ALL { self.table.len() } else { 0 };
        self.accept(ACCEPT_BATCH.max(walked / WALKED_FOR_EACH_ACCEPTED));
    }

    fn accept(&mut self, most: usize) {
        for _ in 0..most {
            match self.acceptor.as_mut().map(Acceptor::next_client) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(stream))) => self.admit(stream),
                Some(Err(error)) => {
                    self.ended = Err(error);
                    self.acceptor = None;
                    // For this loop and for others that serve beside it.
                    self.shutdown.request();
                }
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        self.accepted += 1;
        if !self.shared.admits_one_more() {
            return;
        }
        match Client::greet(stream, self.shared) {
            Ok(client) => {
                let key = self.table.insert(client);
                let client = &self.table[key];
                let added = self.registry.add(key, client.as_fd(), client.awaited());
                self.keep_if(key, added);
            }
            Err(error) => {
                debug!(%error, "cannot greet a client");
                self.shared.close(Outcome::Error);
            }
        }
    }

    /// What no poller reports: that a client has been silent for too long, or that it may go in a drain.
    pub fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        // Backwards: the last client takes the place of one that goes, and has been looked at.
        for place in (0..self.table.len()).rev() {
            let key = self.table.key_at(place);
            let (awaited, shared) = (self.table[key].awaited(), self.shared);
            let turn = self.table[key].look(&moment, shared);
            match turn {
                // Its socket may have nothing to report.
                Turn::Unfinished if !R::REPORTS_CHANGES => self.take_turn_from(key, awaited),
                _ => self.end_turn(key, turn, awaited),
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

    /// Everybody is gone: how many clients this loop has accepted, for the summary of several loops.
    ///
    /// # Errors
    /// The listener was broken.
    pub fn accepted(self) -> io::Result<u64> {
        self.ended.map(|()| self.accepted)
    }

    fn take_turn(&mut self, key: usize) {
        // It may have been closed in this round.
        let Some(client) = self.table.get_mut(key) else { return };
        let awaited = client.awaited();
        self.take_turn_from(key, awaited);
    }

    /// A turn of a client for which the poller waits as given.
    fn take_turn_from(&mut self, key: usize, awaited: Awaited) {
        let turn = self.table[key].take_turn(&mut self.buffer, self.shared);
        self.end_turn(key, turn, awaited);
    }

    fn end_turn(&mut self, key: usize, turn: Turn, awaited: Awaited) {
        let client = &mut self.table[key];
        if client.has_work() {
            self.working.push(key);
        }
        match turn {
            Turn::End(outcome) => self.close(key, outcome),
            Turn::Unfinished if R::REPORTS_CHANGES => {
                if !std::mem::replace(&mut client.is_queued, true) {
                    self.unfinished.push(key);
                }
            }
            Turn::Wait | Turn::Unfinished if client.awaited() != awaited => {
                let changed = self.registry.change(key, client.as_fd(), client.awaited());
                self.keep_if(key, changed);
            }
            Turn::Wait | Turn::Unfinished => {}
        }
    }

    fn keep_if(&mut self, key: usize, told: io::Result<()>) {
        if let Err(error) = told {
            debug!(%error, "cannot wait for a client");
            self.close(key, Outcome::Error);
        }
    }

    /// Accepts those that the kernel holds for this listener, since closing it resets them; then closes it.
    fn begin_drain(&mut self) {
        self.acceptor.iter_mut().for_each(Acceptor::clients_wait);
        self.accept(BACKLOG.unsigned_abs() as usize);
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    /// Dropping the client closes its socket.
    fn close(&mut self, key: usize, outcome: Outcome) {
        if self.table.remove(key).is_some_and(|client| client.awaits_result()) {
            self.left.push(key);
        }
        self.shared.close(outcome);
    }
}

/// All of them, beginning with another one in each round.
fn rotated(ready: &[usize], round: usize) -> impl Iterator<Item = usize> {
    let (before, first) = ready.split_at(round % ready.len().max(1));
    first.iter().chain(before).copied()
}

impl<R, S: Service> fmt::Debug for Clients<'_, R, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").field("open", &self.table.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
