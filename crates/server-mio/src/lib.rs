//! # mio: one thread, one readiness loop
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ epoll: who can be  │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ read or written?   │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Only one call ever blocks: the one that asks the kernel who is ready. So one thread serves
//! everybody, and a client that waits costs some bytes in a table instead of a thread. The price is that
//! the conversation is no longer straight code: what a blocked thread kept on its stack, the loop keeps in a
//! `Client`, and each turn takes up where the last one ended (in [`sockets::ready`]). The poller reports *changes*
//! (edge-triggered): a client whose turn ended before its input did is not reported again, but stands in a queue and
//! gets its next turn once the others have had theirs.
//!
//! ```sh
//! cargo run --release -p server-mio                           # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for very many connections, most of them idle, with little work for each message, or
//! where every byte and system call is to be accounted for. **Do not** if a message can take long to
//! compute: while the loop works for one client, all others wait.

mod accept;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use chassis::{Knob, Options, Shutdown, Summary};
use conversation::Watch;
use mio::event::Event;
use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use sockets::now;
use sockets::ready::{Acceptor, BUFFER_SIZE, Client, Shared, Turn};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::WritePolicy, Knob::Nagle];

/// Tokens that no client has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, shutdown)?;
    let mut events = Events::with_capacity(1024);
    let mut ended = Ok(());
    while !server.is_done() {
        let asked = server.poll.poll(&mut events, server.time_left());
        asked.or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
        for event in &events {
            match event.token() {
                LISTENER => server.acceptor.iter_mut().for_each(Acceptor::clients_wait),
                SHUTDOWN => server.begin_drain(),
                Token(key) => server.serve_ready(key, event),
            }
        }
        server.serve_unfinished();
        // Last: a new client may take the place of one that was closed in this round, and must not get its events.
        if let Err(error) = server.accept_batch() {
            ended = Err(error);
            server.begin_drain();
        }
        server.look_if_due();
    }
    server.shared.counters.finish(ended)
}

struct EventLoop {
    poll: Poll,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    clients: Slab<Client<TcpStream>>,
    /// Clients whose last turn ended before their input did.
    unfinished: VecDeque<usize>,
    buffer: Box<[u8]>,
    watch: Watch,
    shared: Shared,
}

impl EventLoop {
    fn new(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<EventLoop> {
        let (poll, acceptor) = (Poll::new()?, Acceptor::new(listener)?);
        let (listener, shutdown) = (acceptor.as_fd().as_raw_fd(), shutdown.as_raw_fd());
        poll.registry().register(&mut SourceFd(&listener), LISTENER, Interest::READABLE)?;
        poll.registry().register(&mut SourceFd(&shutdown), SHUTDOWN, Interest::READABLE)?;
        Ok(EventLoop {
            poll,
            acceptor: Some(acceptor),
            clients: Slab::new(),
            unfinished: VecDeque::new(),
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            watch: Watch::new(options, now()),
            shared: Shared::new(options),
        })
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        let go_on = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.clients.is_empty());
        [go_on, accept, look].into_iter().flatten().min()
    }

    fn serve_ready(&mut self, key: usize, event: &Event) {
        // It may have been closed by what an earlier event of the same batch said.
        let Some(client) = self.clients.get_mut(key) else { return };
        if event.is_read_closed() || event.is_priority() {
            client.expect_more();
        }
        self.take_turn(key);
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
        let turn = self.clients[key].take_turn(&mut self.buffer, &self.shared);
        self.end_turn(key, turn);
    }

    fn end_turn(&mut self, key: usize, turn: Turn) {
        match turn {
            Turn::Unfinished if !self.clients[key].is_queued => {
                self.clients[key].is_queued = true;
                self.unfinished.push_back(key);
            }
            Turn::Unfinished | Turn::Wait => {}
            // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
            Turn::End(outcome) => {
                self.clients.remove(key);
                self.shared.close(outcome);
            }
        }
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    fn is_done(&self) -> bool {
        self.watch.is_draining() && self.clients.is_empty()
    }

    /// What no event reports: that a client has been silent for too long, or that it may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.clients.capacity() {
            if let Some(client) = self.clients.get_mut(key) {
                let turn = client.look(&moment, &self.shared);
                self.end_turn(key, turn);
            }
        }
    }
}
