//! The event loop: for each client it keeps the function to call once something has happened.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chassis::{Options, Outcome, Shutdown, Summary};
use conversation::{Conversation, Watch};
use mio::event::Event;
use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use sockets::now;
use sockets::ready::{Acceptor, BUFFER_SIZE, Exchange, Shared, Turn};
use tracing::debug;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Tokens that no client has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Urgent bytes, too: a read stops at one, and then a short read does not mean that the socket is empty.
#[cfg(target_os = "linux")]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// What is called, once: it does what it can, and says what is called next.
pub(crate) type Callback = fn(&mut EventLoop, Client);

/// One client, which goes from callback to callback.
pub(crate) struct Client {
    pub(crate) conversation: Conversation,
    wire: TcpStream,
    /// Its place in the table.
    key: usize,
}

struct Waiting {
    client: Client,
    callback: Callback,
    is_queued: bool,
}

pub(crate) struct EventLoop {
    poll: Poll,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    on_client: Callback,
    /// `None` while a client's callback runs.
    waiting: Slab<Option<Waiting>>,
    /// Clients whose callback is to be called though nothing has happened, after the others' turns.
    queue: VecDeque<usize>,
    /// `None` while it is lent.
    buffer: Option<Box<[u8]>>,
    watch: Watch,
    shared: Shared,
}

impl EventLoop {
    /// A loop that calls `on_client` for each client that it accepts.
    pub(crate) fn new(
        listener: TcpListener,
        options: &Options,
        shutdown: &Shutdown,
        on_client: Callback,
    ) -> io::Result<EventLoop> {
        let (poll, acceptor) = (Poll::new()?, Acceptor::new(listener)?);
        let (listener, shutdown) = (acceptor.as_fd().as_raw_fd(), shutdown.as_raw_fd());
        poll.registry().register(&mut SourceFd(&listener), LISTENER, Interest::READABLE)?;
        poll.registry().register(&mut SourceFd(&shutdown), SHUTDOWN, Interest::READABLE)?;
        Ok(EventLoop {
            poll,
            acceptor: Some(acceptor),
            on_client,
            waiting: Slab::new(),
            queue: VecDeque::new(),
            buffer: None,
            watch: Watch::new(options, now()),
            shared: Shared::new(options),
        })
    }

    /// Calls back until shutdown is requested and the last client has gone.
    pub(crate) fn run(mut self) -> io::Result<Summary> {
        let mut events = Events::with_capacity(1024);
        let mut ended = Ok(());
        while !(self.watch.is_draining() && self.waiting.is_empty()) {
            let asked = self.poll.poll(&mut events, self.time_left());
            asked
                .or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
            for event in &events {
                match event.token() {
                    LISTENER => self.acceptor.iter_mut().for_each(Acceptor::clients_wait),
                    SHUTDOWN => self.begin_drain(),
                    Token(key) => self.call_ready(key, event),
                }
            }
            for _ in 0..self.queue.len() {
                let Some(key) = self.queue.pop_front() else { break };
                // Something may have happened meanwhile, and have called it.
                if self
                    .waiting
                    .get(key)
                    .is_some_and(|place| place.as_ref().is_some_and(|client| client.is_queued))
                {
                    self.call(key);
                }
            }
            // Last: a new client may take the place of one that was closed in this round, and must not get its events.
            if let Err(error) = self.accept_batch() {
                ended = Err(error);
                self.begin_drain();
            }
            self.look_if_due();
        }
        self.shared.counters.finish(ended)
    }

    /// Calls this function once the client's socket can be read or written.
    pub(crate) fn when_ready(&mut self, client: Client, callback: Callback) {
        self.wait(client, callback, false);
    }

    /// Calls this function soon, though nothing has happened: the other clients come first.
    pub(crate) fn soon(&mut self, client: Client, callback: Callback) {
        self.queue.push_back(client.key);
        self.wait(client, callback, true);
    }

    /// The conversation is over.
    pub(crate) fn close(&mut self, client: Client, outcome: Outcome) {
        self.waiting.remove(client.key);
        // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
        drop(client);
        self.shared.close(outcome);
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
        Exchange { conversation: &mut client.conversation, wire: &client.wire, shared: &self.shared }
    }

    /// The one buffer of the loop. No client has one while it waits.
    pub(crate) fn lend_buffer(&mut self) -> Box<[u8]> {
        self.buffer.take().unwrap_or_else(|| vec![0; BUFFER_SIZE].into_boxed_slice())
    }

    pub(crate) fn give_back(&mut self, buffer: Box<[u8]>) {
        self.buffer = Some(buffer);
    }

    fn wait(&mut self, client: Client, callback: Callback, is_queued: bool) {
        let key = client.key;
        self.waiting[key] = Some(Waiting { client, callback, is_queued });
    }

    fn call_ready(&mut self, key: usize, event: &Event) {
        // It may have been closed by what an earlier event of the same batch said.
        let Some(Some(waiting)) = self.waiting.get_mut(key) else { return };
        if event.is_read_closed() || event.is_priority() {
            waiting.client.conversation.expect_more();
        }
        self.call(key);
    }

    /// Calls the function that the client has left. A panic in it ends this client only.
    fn call(&mut self, key: usize) {
        let Some(Waiting { client, callback, .. }) = self.waiting.get_mut(key).and_then(Option::take) else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(|| callback(self, client))).is_err() {
            self.waiting.remove(key);
            self.shared.close(Outcome::Error);
        }
    }

    /// Accepts a bounded number of clients, so that those that are connected need not wait.
    fn accept_batch(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPT_BATCH {
            let Some(acceptor) = &mut self.acceptor else { break };
            let Some(stream) = acceptor.next_client()? else { break };
            if !self.shared.admits_one_more() {
                continue;
            }
            let key = self.waiting.vacant_key();
            let wire = TcpStream::from_std(stream);
            let client = Client { conversation: Conversation::new(now()), wire, key };
            self.waiting.insert(Some(Waiting { client, callback: self.on_client, is_queued: false }));
            // A new socket has room for the greeting, so it is registered after that.
            self.call(key);
            let Some(Some(Waiting { client, .. })) = self.waiting.get_mut(key) else { continue };
            if let Err(error) = self.poll.registry().register(&mut client.wire, Token(key), INTERESTS) {
                debug!(%error, "cannot wait for a client");
                self.waiting.remove(key);
                self.shared.close(Outcome::Error);
            }
        }
        Ok(())
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        let go_on = (!self.queue.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.waiting.is_empty());
        [go_on, accept, look].into_iter().flatten().min()
    }

    /// What no event reports: that a client has been silent for too long, or that it may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.waiting.capacity() {
            let Some(Some(Waiting { client, .. })) = self.waiting.get_mut(key) else { continue };
            let Client { conversation, wire, .. } = client;
            match (Exchange { conversation, wire, shared: &self.shared }).look(&moment) {
                Turn::Wait => {}
                Turn::Unfinished => self.call(key),
                Turn::End(outcome) => {
                    self.waiting.remove(key);
                    self.shared.close(outcome);
                }
            }
        }
    }
}
