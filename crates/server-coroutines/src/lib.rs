//! # coroutines: straight code on a stack for each client, on one thread
//!
//! ```text
//!                ┌──────────────────────┐   resume(A)    ┌─────────────────────────────┐
//!  clients       │ event loop: whose    │ ─────────────▶ │ A's own stack:              │
//!  A ──┐         │ socket is ready?     │                │   converse                  │
//!  B ──┼───────▶ │                      │ ◀───────────── │    └ receive                │
//!  C ──┘         └──────────────────────┘   suspend()    │       └ wait                │
//!                                                        └─────────────────────────────┘
//! ```
//!
//! `converse` is the very function of thread-per-conn: greet, then while bytes come, answer them. But where a thread
//! would block, `wait` deep below it switches back to the stack of the event loop, and leaves this one as it is. When the
//! client's socket is ready, the loop switches over to that stack again, and `wait` returns as if it had blocked. A switch
//! saves a few registers and asks no kernel. Goroutines and Java's virtual threads work in this way, on many threads.
//!
//! The state is kept on the stack itself, so no function needs `async` and any function may wait. The price is a stack for
//! each client: address space, and a page of memory at least.
//!
//! ```sh
//! cargo run --release -p server-coroutines                    # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** where existing code that blocks must serve many clients without being rewritten. **Do not** if memory for
//! each client is dear (a future takes some hundred bytes), or if code below calls what blocks the thread after all.

mod accept;
mod client;
mod stacks;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use chassis::{Knob, Options, Outcome, Shutdown, Summary};
use conversation::Watch;
use corosensei::{Coroutine, CoroutineResult};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use sockets::now;
use sockets::ready::{Acceptor, Shared};

use client::{Client, Resumed, Suspended};
use stacks::{Stack, Stacks};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Tokens that no client has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, the poller cannot be made, or there is no address space for the stacks.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, shutdown)?;
    let mut events = Events::with_capacity(1024);
    let mut ended = Ok(());
    while !(server.watch.is_draining() && server.clients.is_empty()) {
        let asked = server.poll.poll(&mut events, server.time_left());
        asked.or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
        for event in &events {
            match event.token() {
                LISTENER => server.acceptor.iter_mut().for_each(Acceptor::clients_wait),
                SHUTDOWN => server.begin_drain(),
                Token(key) => {
                    server
                        .resume(key, Resumed::Ready { more: event.is_read_closed() || event.is_priority() });
                }
            }
        }
        server.resume_queued();
        // Last: a new client may take the place of one that was closed in this round, and must not get its events.
        if let Err(error) = server.accept_batch() {
            ended = Err(error);
            server.begin_drain();
        }
        server.look_if_due();
    }
    server.shared.counters.finish(ended)
}

/// One client's conversation: greet, then while bytes come, answer them.
fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
    }
    Ok(())
}

struct EventLoop {
    poll: Poll,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    clients: Slab<Suspendable>,
    /// Clients that have suspended only so that the others come first.
    queue: VecDeque<usize>,
    stacks: Stacks,
    watch: Watch,
    shared: Rc<Shared>,
}

/// A conversation on a stack of its own.
struct Suspendable {
    coroutine: Coroutine<Resumed, Suspended, Outcome, Stack>,
    is_queued: bool,
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
            queue: VecDeque::new(),
            stacks: Stacks::reserve(options.max_connections())?,
            watch: Watch::new(options, now()),
            shared: Rc::new(Shared::new(options)),
        })
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        let go_on = (!self.queue.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.clients.is_empty());
        [go_on, accept, look].into_iter().flatten().min()
    }

    /// Switches to the client's stack, until it suspends again. A panic there ends this client only.
    fn resume(&mut self, key: usize, with: Resumed) {
        // It may have been closed by what an earlier event of the same batch said.
        let Some(client) = self.clients.get_mut(key) else { return };
        let outcome = match catch_unwind(AssertUnwindSafe(|| client.coroutine.resume(with))) {
            Ok(CoroutineResult::Yield(Suspended::UntilReady)) => return,
            Ok(CoroutineResult::Yield(Suspended::OthersFirst)) => {
                if !std::mem::replace(&mut client.is_queued, true) {
                    self.queue.push_back(key);
                }
                return;
            }
            Ok(CoroutineResult::Return(outcome)) => outcome,
            Err(_) => Outcome::Error,
        };
        self.clients.remove(key);
        self.shared.close(outcome);
    }

    /// One turn for each client that has let the others come first.
    fn resume_queued(&mut self) {
        for _ in 0..self.queue.len() {
            if let Some(key) = self.queue.pop_front()
                && let Some(client) = self.clients.get_mut(key)
                && std::mem::take(&mut client.is_queued)
            {
                self.resume(key, Resumed::Ready { more: false });
            }
        }
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    /// What no event reports: that a client has been silent for too long, or that it may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.clients.capacity() {
            self.resume(key, Resumed::Look(moment));
        }
    }
}
