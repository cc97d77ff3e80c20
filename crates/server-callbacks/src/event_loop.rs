//! The event loop: for each client it keeps the function to call once something has happened.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chassis::{Options, Outcome, Shutdown, Summary};
use conversation::Conversation;
use poller::{Change, Changes, Poller};
use slab::Slab;
use sockets::now;
use sockets::ready::{Arrivals, BUFFER_SIZE, Exchange, Queue, Turn};
use tracing::debug;

/// What is called, once: it does what it can without waiting, and says what is called next.
pub(crate) type Callback = fn(&mut EventLoop, Client);

/// One client, which goes from callback to callback.
pub(crate) struct Client {
    pub(crate) conversation: Conversation,
    wire: TcpStream,
    /// Its place in the table.
    key: usize,
}

/// A client's place in the table: who it is, and what is called once something has happened. Empty while a callback has
/// the client.
type Place = Option<(Client, Callback)>;

pub(crate) struct EventLoop {
    poller: Poller,
    arrivals: Arrivals,
    on_client: Callback,
    places: Slab<Place>,
    /// Clients whose callback is to be called though nothing has happened, after the others' turns.
    queue: Queue,
    /// `None` while it is lent.
    buffer: Option<Box<[u8]>>,
}

impl EventLoop {
    /// A loop that calls `on_client` for each client that it accepts.
    pub(crate) fn new(
        listener: TcpListener,
        options: &Options,
        shutdown: &Shutdown,
        on_client: Callback,
    ) -> io::Result<EventLoop> {
        let arrivals = Arrivals::new(listener, options)?;
        let (poller, queue) = (Poller::new(&arrivals, shutdown)?, Queue::default());
        Ok(EventLoop { poller, arrivals, on_client, places: Slab::new(), queue, buffer: None })
    }

    /// Calls back until shutdown is requested and the last client has gone.
    pub(crate) fn run(mut self) -> io::Result<Summary> {
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
                self.add(stream);
            }
            self.look_if_due();
        }
        self.arrivals.finish()
    }

    /// Calls this function once the client's socket can be read or written.
    pub(crate) fn when_ready(&mut self, client: Client, callback: Callback) {
        let key = client.key;
        self.places[key] = Some((client, callback));
    }

    /// Calls this function soon, though nothing has happened: the other clients come first.
    pub(crate) fn soon(&mut self, client: Client, callback: Callback) {
        self.queue.push(client.key);
        self.when_ready(client, callback);
    }

    /// The conversation is over.
    pub(crate) fn close(&mut self, client: Client, outcome: Outcome) {
        self.places.remove(client.key);
        // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
        drop(client);
        self.arrivals.shared.close(outcome);
    }

    /// The connection has failed.
    pub(crate) fn fail(&mut self, mut client: Client, error: &io::Error) {
        if let Turn::End(outcome) = self.exchange(&mut client).failed(error) {
            self.close(client, outcome);
        }
    }

    /// The client's conversation on its socket.
    pub(crate) fn exchange<'client>(
        &'client self,
        client: &'client mut Client,
    ) -> Exchange<'client, TcpStream> {
        let Client { conversation, wire, .. } = client;
        Exchange { conversation, wire, shared: &self.arrivals.shared }
    }

    /// The one buffer of the loop. No client has one while it waits.
    pub(crate) fn lend_buffer(&mut self) -> Box<[u8]> {
        self.buffer.take().unwrap_or_else(|| vec![0; BUFFER_SIZE].into_boxed_slice())
    }

    pub(crate) fn give_back(&mut self, buffer: Box<[u8]>) {
        self.buffer = Some(buffer);
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        if self.queue.is_empty() { self.arrivals.time_left(self.places.len()) } else { Some(Duration::ZERO) }
    }

    fn call_ready(&mut self, key: usize, more: bool) {
        // It may have been closed by what an earlier event of the same batch said.
        if let Some(Some((client, _))) = self.places.get_mut(key) {
            if more {
                client.conversation.expect_more();
            }
            self.call(key);
        }
    }

    /// Calls the function that the client has left. A panic in it ends this client only.
    fn call(&mut self, key: usize) {
        let Some((client, callback)) = self.places.get_mut(key).and_then(Option::take) else { return };
        if catch_unwind(AssertUnwindSafe(|| callback(self, client))).is_err() {
            self.places.remove(key);
            self.arrivals.shared.close(Outcome::Error);
        }
    }

    /// Has a new client greeted, and only then waits for it: a new socket has room for the greeting.
    fn add(&mut self, wire: TcpStream) {
        let key = self.places.insert(None);
        self.when_ready(Client { conversation: Conversation::new(now()), wire, key }, self.on_client);
        self.call(key);
        let Some(Some((client, _))) = self.places.get_mut(key) else { return };
        if let Err(error) = self.poller.watch(&client.wire, key) {
            debug!(%error, "cannot wait for a client");
            self.places.remove(key);
            self.arrivals.shared.close(Outcome::Error);
        }
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
                Turn::End(outcome) => {
                    self.places.remove(key);
                    self.arrivals.shared.close(outcome);
                }
            }
        }
    }
}
