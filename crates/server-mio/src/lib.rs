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
//! by hand in a `Connection`, and each turn takes up where the last one ended.
//!
//! ```sh
//! cargo run --release -p server-mio                           # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for very many connections, most of them idle, with little work for each message, or
//! where every byte and system call is to be accounted for. **Do not** if a message can take long to
//! compute: while the loop works for one client, all others wait.

mod acceptor;
mod connection;
mod sweep;

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chassis::{Counters, Drain, Knob, Options, Outcome, Shutdown, Summary, Tick};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use tracing::debug;

use acceptor::Acceptor;
use connection::{Connection, Turn};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// The one receive buffer, shared by all connections: it stays in the processor's cache, and its size is
/// what one client may have answered in one turn before the others get theirs. It is also the most that one
/// may leave untaken: with what the allocator adds, a client that does not read then holds less than 64 KiB.
const BUFFER_SIZE: usize = 48 * 1024;

/// Events fetched with one call.
const EVENT_CAPACITY: usize = 1024;

/// Tokens that no connection has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, shutdown)?;
    let mut events = Events::with_capacity(EVENT_CAPACITY);
    let mut result = Ok(());
    while !server.is_done() {
        // Silence is judged as of this moment: all that arrived before it is in the events. Had the process
        // been stopped since then, by a debugger or a full machine, later bytes would be overlooked.
        let asked = Tick::now();
        match server.poll.poll(&mut events, server.time_to_wait()) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            match event.token() {
                LISTENER => server.acceptor.iter_mut().for_each(|acceptor| acceptor.clients_wait = true),
                SHUTDOWN => server.begin_drain(),
                Token(key) => server.serve_ready(key, event.is_read_closed()),
            }
        }
        server.serve_unfinished();
        // Last, so that no event or queue entry of this round can mean a newcomer in an old one's place.
        if let Err(error) = server.accept_batch() {
            result = Err(error);
            server.begin_drain();
        }
        server.sweep_if_due(asked);
    }
    server.counters.finish(result)
}

struct EventLoop<'options> {
    poll: Poll,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
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
    fn new(listener: TcpListener, options: &'options Options, shutdown: &Shutdown) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&shutdown.as_raw_fd()), SHUTDOWN, Interest::READABLE)?;
        Ok(EventLoop {
            acceptor: Some(Acceptor::new(listener, &poll, LISTENER)?),
            poll,
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

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_to_wait(&self) -> Option<Duration> {
        let go_on = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_to_wait);
        [go_on, accept, self.time_to_sweep()].into_iter().flatten().min()
    }

    fn serve_ready(&mut self, key: usize, client_is_done: bool) {
        // It may have been closed by what an earlier event of the same batch said.
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
        // A panic on the way costs this client only: nothing that it leaves half done outlives the connection.
        let turn = catch_unwind(AssertUnwindSafe(|| {
            connection.take_turn(&mut self.buffer, self.options, &self.counters)
        }));
        match turn.unwrap_or_else(|_| Err(io::Error::other("its turn panicked"))) {
            Ok(Turn::Done) => self.close(key, Outcome::Completed),
            // Where a test's shim has blocked it, the poller will not report it again.
            Ok(Turn::Wait) if !self.options.shim_has_blocked() => {}
            Ok(_) if connection.is_queued => {}
            Ok(_) => {
                connection.is_queued = true;
                self.unfinished.push_back(key);
            }
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
}
