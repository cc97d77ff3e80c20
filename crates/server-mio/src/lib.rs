//! # mio: one thread, one readiness loop
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ epoll: who can be  │ ────────────────▶ │ each in turn: recv, transform │
//!  C ──┘     │ read or written?   │                   │ in place, send                │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Nothing here ever blocks but the one call that asks the kernel who is ready. So one thread serves
//! everybody, and a client that waits costs some bytes in a table instead of a thread. The price is that
//! the conversation is no longer straight code: what a blocked thread kept on its stack, the loop must keep
//! by hand in a [`Connection`], and each turn takes up where the last one ended.
//!
//! ```sh
//! cargo run --release -p server-mio                           # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for very many connections, most of them idle, with little work for each message, or
//! where every byte and system call is to be accounted for. **Do not** if a message can take long to
//! compute: while the loop works for one client, all others wait.

mod connection;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net;
use std::os::fd::AsRawFd;
use std::time::Duration;

use chassis::{AcceptPolicy, AcceptStep, Counters, Drain, Knob, Options, Outcome, Shutdown, Summary, Tick};
use mio::net::{TcpListener, TcpStream};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use tracing::{debug, trace};

use connection::{Connection, Turn};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// The one receive buffer, shared by all connections: it stays in the processor's cache, and its size is
/// what one client may have answered in one turn before the others get theirs.
const BUFFER_SIZE: usize = 64 * 1024;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Events fetched with one call.
const EVENT_CAPACITY: usize = 1024;

/// Tokens that no connection has: their own are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: net::TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, shutdown)?;
    let mut events = Events::with_capacity(EVENT_CAPACITY);
    while !server.is_done() {
        match server.poll.poll(&mut events, server.time_to_wait()) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            match event.token() {
                LISTENER => server.clients_wait = true,
                SHUTDOWN => server.begin_drain(),
                Token(key) => server.serve_ready(key, event.is_read_closed()),
            }
        }
        server.serve_unfinished();
        server.accept_batch()?;
        server.sweep_if_due();
    }
    Ok(server.counters.summary())
}

struct EventLoop<'options> {
    poll: Poll,
    /// `None` once the server drains.
    listener: Option<TcpListener>,
    /// The listener reports only changes, so that somebody may be waiting must be remembered.
    clients_wait: bool,
    accept_policy: AcceptPolicy,
    accept_pause: Option<(Tick, Duration)>,
    connections: Slab<Connection>,
    max_connections: usize,
    /// Connections whose last turn ended before their input did.
    unfinished: VecDeque<usize>,
    buffer: Box<[u8]>,
    options: &'options Options,
    drain: Option<Drain>,
    last_sweep: Tick,
    counters: Counters,
}

impl<'options> EventLoop<'options> {
    fn new(listener: net::TcpListener, options: &'options Options, shutdown: &Shutdown) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        poll.registry().register(&mut SourceFd(&shutdown.as_raw_fd()), SHUTDOWN, Interest::READABLE)?;
        Ok(EventLoop {
            poll,
            listener: Some(listener),
            clients_wait: false,
            accept_policy: AcceptPolicy::new(),
            accept_pause: None,
            connections: Slab::new(),
            max_connections: options.max_connections(),
            unfinished: VecDeque::new(),
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            options,
            drain: None,
            last_sweep: Tick::now(),
            counters: Counters::new(),
        })
    }

    fn is_done(&self) -> bool {
        self.drain.is_some() && self.connections.is_empty()
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_to_wait(&self) -> Option<Duration> {
        if !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        let accept_in = match self.accept_pause {
            Some((since, pause)) => Some(pause.saturating_sub(Tick::now().since(since))),
            None => self.clients_wait.then_some(Duration::ZERO),
        };
        let sweep_in =
            self.sweep_interval().map(|every| every.saturating_sub(Tick::now().since(self.last_sweep)));
        accept_in.into_iter().chain(sweep_in).min()
    }

    fn serve_ready(&mut self, key: usize, client_is_done: bool) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.client_is_done |= client_is_done;
            self.take_turn(key);
        }
    }

    /// One turn for each connection that could not finish in its last one.
    fn serve_unfinished(&mut self) {
        for _ in 0..self.unfinished.len() {
            if let Some(key) = self.unfinished.pop_front()
                && let Some(connection) = self.connections.get_mut(key)
            {
                connection.is_queued = false;
                self.take_turn(key);
            }
        }
    }

    fn take_turn(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        match connection.take_turn(&mut self.buffer, &self.counters) {
            Ok(Turn::Wait) => {}
            Ok(Turn::Unfinished) if connection.is_queued => {}
            Ok(Turn::Unfinished) => {
                connection.is_queued = true;
                self.unfinished.push_back(key);
            }
            Ok(Turn::Done) => self.close(key, Outcome::Completed),
            Err(error) => {
                debug!(%error, "connection ended");
                self.close(key, Outcome::Error);
            }
        }
    }

    /// Dropping the stream closes the socket, and a closed socket leaves the poller by itself.
    fn close(&mut self, key: usize, outcome: Outcome) {
        self.connections.remove(key);
        self.counters.close(outcome);
    }

    fn accept_batch(&mut self) -> io::Result<()> {
        if self.accept_pause.is_some_and(|(since, pause)| Tick::now().since(since) < pause) {
            return Ok(());
        }
        self.accept_pause = None;
        for _ in 0..ACCEPT_BATCH {
            let Some(listener) = self.listener.as_ref().filter(|_| self.clients_wait) else { break };
            match listener.accept() {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.accept_policy.succeeded();
                    self.admit(stream);
                }
                Err(error) => match self.accept_policy.judge(&error)? {
                    AcceptStep::Wait => self.clients_wait = false,
                    AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => {
                        self.accept_pause = Some((Tick::now(), pause));
                        break;
                    }
                },
            }
        }
        Ok(())
    }

    /// Greets a client and only then registers it: a new socket has room for a byte, so waiting to be
    /// told that it is writable would be a turn for nothing.
    fn admit(&mut self, mut stream: TcpStream) {
        self.counters.accept();
        if self.connections.len() >= self.max_connections {
            return self.counters.close(Outcome::Rejected);
        }
        let entry = self.connections.vacant_entry();
        let both = Interest::READABLE | Interest::WRITABLE;
        let greeted = stream
            .write_all(&[protocol::GREETING])
            .and_then(|()| self.poll.registry().register(&mut stream, Token(entry.key()), both));
        match greeted {
            Ok(()) => {
                entry.insert(Connection::new(stream));
                self.counters.answer(1);
            }
            Err(error) => {
                debug!(%error, "cannot greet a client");
                self.counters.close(Outcome::Error);
            }
        }
    }

    /// How often timeouts are looked at: walking the table now and then costs less than a timer for each
    /// connection, and a timeout that comes a sixteenth late is as good.
    fn sweep_interval(&self) -> Option<Duration> {
        if self.connections.is_empty() {
            return None;
        }
        if self.drain.is_some() {
            return Some(Drain::INTERVAL);
        }
        let timeouts = [self.options.idle_timeout, self.options.write_timeout];
        let shortest = timeouts.iter().filter_map(|timeout| timeout.duration()).min()?;
        Some((shortest / 16).clamp(Duration::from_millis(10), Duration::from_secs(1)))
    }

    fn sweep_if_due(&mut self) {
        let now = Tick::now();
        if self.sweep_interval().is_none_or(|every| now.since(self.last_sweep) < every) {
            return;
        }
        self.last_sweep = now;
        let EventLoop { connections, counters, drain, options, .. } = self;
        connections.retain(|_, connection| {
            let end = connection.timed_out(now, options).or_else(|| connection.drained(drain.as_ref()?));
            if let Some(outcome) = end {
                counters.close(outcome);
            }
            end.is_none()
        });
    }

    fn begin_drain(&mut self) {
        self.listener = None;
        self.drain = Some(Drain::begin(self.options));
    }
}
