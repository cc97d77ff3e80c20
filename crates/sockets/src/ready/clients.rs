//! The clients of one loop, and what the loop does for them between two waits.

use std::fmt;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use chassis::{BACKLOG, Outcome, Shutdown, Summary};
use conversation::Watch;
use tracing::debug;

use super::registry::{Awaited, Registry};
use super::table::Table;
use super::{Acceptor, BUFFER_SIZE, Client, Shared, Turn};
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
pub struct Clients<'server, R> {
    registry: R,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    /// How many clients it has accepted.
    accepted: u64,
    table: Table<Client<TcpStream>>,
    /// Those that a poller of changes does not report again: their last turn ended before their input did.
    unfinished: Vec<usize>,
    buffer: Box<[u8]>,
    watch: Watch,
    shared: &'server Shared,
    shutdown: &'server Shutdown,
    /// Rounds so far: whoever is first in one round is not first in the next.
    round: usize,
    /// The error that ended the listener.
    ended: io::Result<()>,
}

impl<'server, R: Registry> Clients<'server, R> {
    /// No clients yet.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(
        listener: TcpListener,
        shared: &'server Shared,
        shutdown: &'server Shutdown,
        registry: R,
    ) -> io::Result<Clients<'server, R>> {
        Ok(Clients {
            registry,
            acceptor: Some(Acceptor::new(listener)?),
            accepted: 0,
            table: Table::with_room_for(shared.max_connections.min(ROOM)),
            unfinished: Vec::new(),
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
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
        self.table.remove(key);
        self.shared.close(outcome);
    }
}

/// All of them, beginning with another one in each round.
fn rotated(ready: &[usize], round: usize) -> impl Iterator<Item = usize> {
    let (before, first) = ready.split_at(round % ready.len().max(1));
    first.iter().chain(before).copied()
}

impl<R> fmt::Debug for Clients<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").field("open", &self.table.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::num::NonZeroUsize;
    use std::time::Instant;

    use chassis::{Options, listen};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::ready::NoRegistry;

    /// Far beyond any machine's slowness.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn few(max_conns: usize) -> Options {
        let drain_timeout = Duration::from_secs(60);
        Options { max_conns: NonZeroUsize::new(max_conns), drain_timeout, ..Options::default() }
    }

    fn listener() -> TcpListener {
        listen(([127, 0, 0, 1], 0).into()).unwrap()
    }

    /// One round of a loop.
    fn round(clients: &mut Clients<NoRegistry>) {
        let mut list: Vec<PollFd> = clients
            .sockets()
            .map(|(_, socket, awaited)| {
                let flags = if awaited == Awaited::Room { PollFlags::OUT } else { PollFlags::IN };
                PollFd::from_borrowed_fd(socket, flags)
            })
            .collect();
        let most = clients.time_left().unwrap_or(PATIENCE);
        poll(&mut list, Some(&Timespec::try_from(most).unwrap())).unwrap();
        let reported = clients.sockets().zip(&list).filter(|(_, entry)| !entry.revents().is_empty());
        let mut ready = reported.map(|((key, ..), _)| key).collect();
        clients.take_turns(&mut ready);
        clients.accept_batch();
        clients.look_if_due();
    }

    /// Rounds until it is so, or the test fails.
    fn rounds<'server>(
        clients: &mut Clients<'server, NoRegistry>,
        is_so: impl Fn(&Clients<'server, NoRegistry>) -> bool,
    ) {
        let start = Instant::now();
        while !is_so(clients) {
            assert!(start.elapsed() < PATIENCE, "the loop goes on and on");
            round(clients);
        }
    }

    #[test]
    fn each_round_begins_with_another_one_and_leaves_nobody_out() {
        let orders: Vec<Vec<usize>> = (0..4).map(|round| rotated(&[7, 8, 9], round).collect()).collect();
        assert_eq!(orders, [[7, 8, 9], [8, 9, 7], [9, 7, 8], [7, 8, 9]]);
        assert_eq!(rotated(&[], 5).count(), 0);
    }

    #[test]
    fn whoever_has_connected_when_a_loop_is_asked_to_stop_is_greeted_and_not_reset() {
        let (shared, shutdown) = (Shared::new(&few(1_000)), Shutdown::new().unwrap());
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let mut clients = Clients::new(listener, &shared, &shutdown, NoRegistry).unwrap();
        // More than one batch, and the request comes before the loop has looked at its listener.
        let mut peers: Vec<TcpStream> =
            (0..2 * ACCEPT_BATCH).map(|_| TcpStream::connect(address).unwrap()).collect();
        for peer in &peers {
            peer.shutdown(std::net::Shutdown::Write).unwrap();
        }
        shutdown.request();
        rounds(&mut clients, Clients::is_done);
        for peer in &mut peers {
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).unwrap();
            assert_eq!(heard, b"*");
        }
        assert_eq!(clients.finish().unwrap().completed, peers.len() as u64);
    }

    #[test]
    fn two_loops_together_keep_to_max_conns_and_a_place_that_is_left_is_free_for_the_other() {
        let (shared, shutdown) = (Shared::new(&few(1)), Shutdown::new().unwrap());
        let listeners = [listener(), listener()];
        let [one, other] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        let mut loops =
            listeners.map(|listener| Clients::new(listener, &shared, &shutdown, NoRegistry).unwrap());
        let heard = |mut peer: TcpStream| {
            // A client that is wrongly kept fails the test instead of hanging it.
            peer.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut heard = Vec::new();
            // A client that is rejected may be reset.
            let _ = peer.read_to_end(&mut heard);
            heard
        };
        let stays = TcpStream::connect(one).unwrap();
        round(&mut loops[0]);
        let second = TcpStream::connect(other).unwrap();
        round(&mut loops[1]);
        assert_eq!(heard(second), b"", "one client is connected to the other loop");
        stays.shutdown(std::net::Shutdown::Write).unwrap();
        rounds(&mut loops[0], |clients| clients.table.is_empty());
        assert_eq!(heard(stays), b"*");
        let third = TcpStream::connect(other).unwrap();
        round(&mut loops[1]);
        assert_eq!(loops[1].table.len(), 1);
        drop(third);
        let summary = shared.counters.summary();
        assert_eq!((summary.accepted, summary.rejected), (3, 1));
    }

    #[test]
    fn a_broken_listener_stops_every_loop_of_its_server() {
        let (shared, shutdown) = (Shared::new(&few(10)), Shutdown::new().unwrap());
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let mut clients = Clients::new(socket.into(), &shared, &shutdown, NoRegistry).unwrap();
        rounds(&mut clients, Clients::is_done);
        assert!(shutdown.is_requested());
        assert!(clients.finish().is_err());
    }
}
