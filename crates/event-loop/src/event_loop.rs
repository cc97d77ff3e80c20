//! The loop: for each client it keeps the function to call once something has happened.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chassis::{Options, Outcome, Shutdown, Summary};
use conversation::{Conversation, Echo, Service};
use poller::{Change, Changes, Poller, Waker};
use slab::Slab;
use sockets::ready::{Arrivals, BUFFER_SIZE, Exchange, Queue, Turn};
use sockets::{is_gone, now};
use tracing::debug;

use crate::beside::Beside;

/// The key of the socket that is watched beside the clients: theirs count up from 0.
const BESIDE: usize = usize::MAX / 4;

/// What is called, once: it does what it can without waiting, and says what is called next.
pub type Callback<S = Echo, B = ()> = fn(&mut EventLoop<S, B>, Client<S>);

/// One client, which goes from callback to callback.
#[derive(Debug)]
pub struct Client<S: Service = Echo> {
    /// What has been said.
    pub conversation: Conversation<S>,
    wire: TcpStream,
    /// Its place in the table.
    key: usize,
}

/// A client's place in the table: who it is, and what is called once something has happened. Empty while a callback has
/// the client.
type Place<S, B> = Option<(Client<S>, Callback<S, B>)>;

/// All clients of one thread, and what it does [beside](Beside) waiting for them.
#[derive(Debug)]
pub struct EventLoop<S: Service = Echo, B = ()> {
    /// What the callbacks of this loop use beside it.
    pub beside: B,
    poller: Poller,
    arrivals: Arrivals,
    places: Slab<Place<S, B>>,
    /// Clients whose callback is to be called though nothing has happened, after the others' turns.
    queue: Queue,
    /// `None` while it is lent.
    buffer: Option<Box<[u8]>>,
}

impl<S: Service> EventLoop<S> {
    /// A loop that has no clients yet, and nothing beside them.
    ///
    /// # Errors
    /// The poller cannot be made, or the listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<EventLoop<S>> {
        let arrivals = Arrivals::new(listener, options)?;
        let (poller, queue) = (Poller::new(&arrivals, shutdown)?, Queue::default());
        Ok(EventLoop { beside: (), poller, arrivals, places: Slab::new(), queue, buffer: None })
    }

    /// With it another thread begins a round of the loop.
    ///
    /// # Errors
    /// The kernel has no descriptor left for it.
    pub fn waker(&self) -> io::Result<Waker> {
        self.poller.waker()
    }

    /// The same loop, with something beside its clients.
    #[must_use]
    pub fn with<B>(self, beside: B) -> EventLoop<S, B> {
        let EventLoop { poller, arrivals, queue, buffer, .. } = self;
        EventLoop { beside, poller, arrivals, places: Slab::new(), queue, buffer }
    }
}

impl<S: Service, B: Beside<S>> EventLoop<S, B> {
    /// Calls back until shutdown is requested and the last client has gone: first `on_client`, for each client that is
    /// accepted.
    ///
    /// # Errors
    /// The listener or the poller is broken.
    pub fn run(mut self, on_client: Callback<S, B>) -> io::Result<Summary> {
        let mut changes = Changes::new();
        while !(self.arrivals.is_draining() && self.places.is_empty()) {
            self.poller.wait(&mut changes, self.time_left())?;
            for change in changes.iter() {
                match change {
                    Change::Listener => self.arrivals.clients_wait(),
                    Change::Shutdown => self.arrivals.stop(),
                    Change::Client { key, more } => self.call_ready(key, more),
                }
            }
            for _ in 0..self.queue.len() {
                if let Some(key) = self.queue.pop() {
                    self.call(key);
                }
            }
            for stream in self.arrivals.next_batch() {
                self.add(stream, on_client);
            }
            self.look_if_due();
            B::go_on(&mut self);
        }
        self.arrivals.finish()
    }

    /// Calls this function once the client's socket can be read or written.
    pub fn when_ready(&mut self, client: Client<S>, callback: Callback<S, B>) {
        let key = client.key;
        self.places[key] = Some((client, callback));
    }

    /// Calls this function soon, though nothing has happened: the other clients come first.
    pub fn soon(&mut self, client: Client<S>, callback: Callback<S, B>) {
        self.queue.push(client.key);
        self.when_ready(client, callback);
    }

    /// Keeps a client whose answer needs something from elsewhere, until it is [called back](Self::call_back) by this key,
    /// or has left.
    pub fn suspend(&mut self, client: Client<S>) -> usize {
        let key = client.key;
        self.when_ready(client, look_whether_it_left);
        key
    }

    /// Calls this function with the client that was [suspended](Self::suspend). A panic in it ends this client only.
    pub fn call_back(&mut self, key: usize, callback: impl FnOnce(&mut Self, Client<S>)) {
        if let Some((client, _)) = self.places.get_mut(key).and_then(Option::take) {
            self.guard(client, callback);
        }
    }

    /// The conversation is over.
    pub fn close(&mut self, client: Client<S>, outcome: Outcome) {
        let key = client.key;
        self.places.remove(key);
        // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
        drop(client);
        self.closed(key, outcome);
    }

    /// The connection has failed.
    pub fn fail(&mut self, mut client: Client<S>, error: &io::Error) {
        if let Turn::End(outcome) = self.exchange(&mut client).failed(error) {
            self.close(client, outcome);
        }
    }

    /// The client's conversation on its socket.
    pub fn exchange<'client>(
        &'client self,
        client: &'client mut Client<S>,
    ) -> Exchange<'client, TcpStream, S> {
        let Client { conversation, wire, .. } = client;
        Exchange { conversation, wire, shared: &self.arrivals.shared }
    }

    /// The one buffer of the loop. No client has one while it waits.
    pub fn lend_buffer(&mut self) -> Box<[u8]> {
        let new = || vec![0; BUFFER_SIZE.min(S::MOST_AT_ONCE)].into_boxed_slice();
        self.buffer.take().unwrap_or_else(new)
    }

    /// The buffer is there for the next client.
    pub fn give_back(&mut self, buffer: Box<[u8]>) {
        self.buffer = Some(buffer);
    }

    /// Watches one socket beside the clients, until it is closed.
    ///
    /// # Errors
    /// The kernel watches no more.
    pub fn watch_beside(&self, socket: &impl AsRawFd) -> io::Result<()> {
        self.poller.watch(socket, BESIDE)
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        if !self.queue.is_empty() {
            return Some(Duration::ZERO);
        }
        let (arrivals, beside) = (self.arrivals.time_left(self.places.len()), self.beside.time_left());
        [arrivals, beside].into_iter().flatten().min()
    }

    fn call_ready(&mut self, key: usize, more: bool) {
        // It may have been closed by what an earlier event of the same batch said.
        if let Some(Some((client, _))) = self.places.get_mut(key) {
            if more {
                client.conversation.expect_more();
            }
            self.call(key);
        } else if key == BESIDE {
            self.beside.reported();
        }
    }

    /// Calls the function that the client has left.
    fn call(&mut self, key: usize) {
        if let Some((client, callback)) = self.places.get_mut(key).and_then(Option::take) {
            self.guard(client, callback);
        }
    }

    /// A panic in a callback ends this client only.
    fn guard(&mut self, client: Client<S>, callback: impl FnOnce(&mut Self, Client<S>)) {
        let key = client.key;
        if catch_unwind(AssertUnwindSafe(|| callback(self, client))).is_err() {
            self.remove(key, Outcome::Error);
        }
    }

    /// Has a new client greeted, and only then waits for it: a new socket has room for the greeting.
    fn add(&mut self, wire: TcpStream, on_client: Callback<S, B>) {
        let key = self.places.insert(None);
        let conversation = Conversation::of(S::begin(&self.arrivals.shared.options), now());
        self.guard(Client { conversation, wire, key }, on_client);
        let Some(Some((client, _))) = self.places.get_mut(key) else { return };
        if let Err(error) = self.poller.watch(&client.wire, key) {
            debug!(%error, "cannot wait for a client");
            self.remove(key, Outcome::Error);
        }
    }

    fn remove(&mut self, key: usize, outcome: Outcome) {
        self.places.remove(key);
        self.closed(key, outcome);
    }

    fn closed(&mut self, key: usize, outcome: Outcome) {
        self.beside.left(key);
        self.arrivals.shared.close(outcome);
    }

    /// What no event reports: that a client has been silent for too long, or that it may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.arrivals.look_due() else { return };
        for key in 0..self.places.capacity() {
            let Some(Some((client, _))) = self.places.get_mut(key) else { continue };
            let Client { conversation, wire, .. } = client;
            match (Exchange { conversation, wire, shared: &self.arrivals.shared }).look(&moment) {
                Turn::Wait => {}
                Turn::Unfinished => self.call(key),
                Turn::End(outcome) => self.remove(key, outcome),
            }
        }
    }
}

/// Something was reported of a client that is suspended.
fn look_whether_it_left<S: Service, B: Beside<S>>(events: &mut EventLoop<S, B>, mut client: Client<S>) {
    // It is not reported again when the client may be read again.
    client.conversation.expect_more();
    if is_gone(&client.wire) {
        let error = io::Error::new(ErrorKind::ConnectionReset, "the client left before its answer");
        events.fail(client, &error);
    } else {
        events.when_ready(client, look_whether_it_left);
    }
}
