//! One thread and one loop for all clients, which also knows when the next answer is due.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use chassis::{Options, Outcome, Shutdown, Summary};
use conversation::Watch;
use poller::{Change, Changes, Poller};
use slab::Slab;
use sockets::now;
use sockets::ready::{Acceptor, BUFFER_SIZE, Shared, Turn};
use tracing::{debug, info};

use crate::cache::Cache;
use crate::client::{Around, Client};
use crate::faults::Fault;
use crate::options::Settings;
use crate::refusing::Refusing;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// The key of a listener that has taken the place of the first one.
const ANOTHER_LISTENER: usize = usize::MAX - 2;

/// As Redis says it.
const TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(
    listener: TcpListener,
    options: &Options,
    settings: &Settings,
    shutdown: &Shutdown,
) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, settings, shutdown)?;
    let mut changes = Changes::new();
    let mut ended = Ok(());
    while !server.is_done() {
        server.poller.wait_exactly(&mut changes, server.time_left())?;
        server.serve_unfinished();
        for change in changes.iter() {
            match change {
                Change::Listener | Change::Client { key: ANOTHER_LISTENER, .. } => {
                    server.acceptor.iter_mut().for_each(Acceptor::clients_wait);
                }
                Change::Shutdown => server.begin_drain(),
                Change::Client { key, .. } => server.serve_reported(key),
            }
        }
        server.serve_due();
        // Last: a new client may take the place of one that was closed in this round, and must not get its events.
        if let Err(error) = server.obey_fault().and_then(|()| server.accept_batch()) {
            ended = Err(error);
            server.begin_drain();
        }
        server.look_if_due();
    }
    server.shared.counters.finish(ended)
}

struct EventLoop {
    poller: Poller,
    address: SocketAddr,
    /// `None` once the server drains, and while it refuses connections.
    acceptor: Option<Acceptor>,
    refusing: Option<Refusing>,
    clients: Slab<Client>,
    /// When the loop is to come back to which client; each stands in it once at most.
    schedule: BTreeSet<(Instant, usize)>,
    /// Clients whose last turn ended before all was done.
    unfinished: VecDeque<usize>,
    /// Who has asked for the fault `refuse`.
    last_served: Option<usize>,
    buffer: Box<[u8]>,
    cache: Cache,
    watch: Watch,
    shared: Shared,
}

impl EventLoop {
    fn new(
        listener: TcpListener,
        options: &Options,
        settings: &Settings,
        shutdown: &Shutdown,
    ) -> io::Result<EventLoop> {
        let (address, acceptor) = (listener.local_addr()?, Acceptor::new(listener)?);
        Ok(EventLoop {
            poller: Poller::new(&acceptor.as_fd(), shutdown)?,
            address,
            acceptor: Some(acceptor),
            refusing: None,
            clients: Slab::new(),
            schedule: BTreeSet::new(),
            unfinished: VecDeque::new(),
            last_served: None,
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            cache: Cache::new(settings),
            watch: Watch::new(options, now()),
            shared: Shared::new(options),
        })
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        let go_on = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let due = self.schedule.first().map(|(due, _)| due.saturating_duration_since(Instant::now()));
        let look = self.watch.time_left(now()).filter(|_| !self.clients.is_empty());
        [go_on, accept, due, look].into_iter().flatten().min()
    }

    fn serve_reported(&mut self, key: usize) {
        // It may have been closed by what an earlier event of the same batch said.
        if let Some(client) = self.clients.get_mut(key) {
            client.reported();
            // Who stands in the queue has its next turn after this round: what it has asked for happens before.
            if !client.is_queued {
                self.take_turn(key);
            }
        }
    }

    /// A turn for each client whose answer is due.
    fn serve_due(&mut self) {
        let now = Instant::now();
        while let Some(&(due, key)) = self.schedule.first().filter(|(due, _)| *due <= now) {
            self.schedule.remove(&(due, key));
            self.clients[key].scheduled = None;
            self.take_turn(key);
        }
    }

    /// One turn for each client that could not finish in its last one.
    fn serve_unfinished(&mut self) {
        for _ in 0..self.unfinished.len() {
            if let Some(key) = self.unfinished.pop_front()
                && let Some(client) = self.clients.get_mut(key)
            {
                client.is_queued = false;
                self.take_turn(key);
            }
        }
    }

    fn take_turn(&mut self, key: usize) {
        let fault = self.cache.fault();
        let (cache, counters, buffer) = (&mut self.cache, &self.shared.counters, &mut *self.buffer);
        let turn = self.clients[key].take_turn(&mut Around { cache, fault, counters, buffer });
        if self.cache.fault() != fault {
            info!(fault = ?self.cache.fault(), "a client has asked for a fault");
            self.last_served = Some(key);
        }
        self.end_turn(key, turn);
    }

    fn end_turn(&mut self, key: usize, turn: Turn) {
        match turn {
            Turn::End(outcome) => return self.close(key, outcome),
            Turn::Unfinished if !self.clients[key].is_queued => {
                self.clients[key].is_queued = true;
                self.unfinished.push_back(key);
            }
            Turn::Unfinished | Turn::Wait => {}
        }
        let client = &mut self.clients[key];
        // Who stands in the queue has its next turn anyway, and after the others.
        let next = if client.is_queued { None } else { client.next_turn() };
        if next != client.scheduled {
            client.scheduled.inspect(|before| _ = self.schedule.remove(&(*before, key)));
            self.schedule.extend(next.map(|next| (next, key)));
            client.scheduled = next;
        }
    }

    fn close(&mut self, key: usize, outcome: Outcome) {
        // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
        let client = self.clients.remove(key);
        client.scheduled.inspect(|due| _ = self.schedule.remove(&(*due, key)));
        self.cache.clients -= 1;
        self.shared.close(outcome);
    }

    /// Accepts a bounded number of clients, so that those that are connected need not wait.
    ///
    /// # Errors
    /// The listener is broken.
    fn accept_batch(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPT_BATCH {
            let Some(acceptor) = &mut self.acceptor else { break };
            let Some(stream) = acceptor.next_client()? else { break };
            self.cache.counted.connections += 1;
            if self.shared.admits_one_more() {
                self.add(stream);
            } else {
                // A client that has no room for it has gone.
                let _ = (&stream).write(TOO_MANY);
            }
        }
        Ok(())
    }

    fn add(&mut self, stream: TcpStream) {
        let key = self.clients.insert(Client::new(stream));
        self.cache.clients += 1;
        if let Err(error) = self.poller.watch(self.clients[key].socket(), key) {
            debug!(%error, "cannot watch a client");
            self.close(key, Outcome::Error);
        }
    }

    /// Refuses connections while a client has asked for that, and listens again afterwards.
    ///
    /// # Errors
    /// Another process has taken the address.
    fn obey_fault(&mut self) -> io::Result<()> {
        let refuses = self.cache.fault() == Fault::Refuse;
        if refuses && let Some(acceptor) = self.acceptor.take() {
            self.refusing = Some(Refusing::at(self.address, acceptor)?);
            for key in 0..self.clients.capacity() {
                if self.last_served != Some(key) && self.clients.contains(key) {
                    self.clients[key].reset();
                    self.close(key, Outcome::Error);
                }
            }
        }
        if !refuses && let Some(refusing) = self.refusing.take() {
            let acceptor = Acceptor::new(refusing.listen()?)?;
            self.poller.watch(&acceptor.as_fd(), ANOTHER_LISTENER)?;
            self.acceptor = Some(acceptor);
        }
        Ok(())
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.refusing = None;
        self.watch.begin_drain(now());
    }

    fn is_done(&self) -> bool {
        self.watch.is_draining() && self.clients.is_empty()
    }

    /// What no event reports: that a client may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.clients.capacity() {
            if let Some(client) = self.clients.get_mut(key) {
                let turn = client.look(&moment);
                self.end_turn(key, turn);
            }
        }
    }
}
