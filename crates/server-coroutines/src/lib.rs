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
//! `converse` reads as in thread-per-conn: greet, then while bytes come, answer them. But where a thread would block,
//! `wait` deep below it switches back to the stack of the event loop, and leaves this one as it is. When the client's
//! socket is ready, the loop switches over to that stack again, and `wait` returns as if it had blocked. A switch saves
//! a few registers and asks no kernel. Goroutines and Java's virtual threads work in this way, on many threads.
//!
//! The state is kept on the stack itself, so no function needs `async` and any function may wait. The price is a stack for
//! each client: address space, and a page of memory at least. All stacks are one mapping, each ends at a guard page
//! ([`stacks`]).
//!
//! ```sh
//! cargo run --release -p server-coroutines                    # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** where existing code that blocks must serve many clients without being rewritten. **Do not** if memory for
//! each client is dear (a future takes some hundred bytes), or if code below calls what blocks the thread after all.

mod client;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use chassis::{Knob, Options, Outcome, Shutdown, Summary};
use corosensei::{Coroutine, CoroutineResult};
use poller::{Change, Changes, Poller};
use slab::Slab;
use sockets::ready::{Arrivals, Queue};
use stacks::{Stack, Stacks};
use tracing::debug;

use client::{Client, Resumed, Suspended};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, the poller cannot be made, or there is no address space for the stacks.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut server = EventLoop::new(listener, options, shutdown)?;
    let mut changes = Changes::new();
    while !(server.arrivals.is_draining() && server.clients.is_empty()) {
        let at_most = if server.queue.is_empty() {
            server.arrivals.time_left(server.clients.len())
        } else {
            Some(Duration::ZERO)
        };
        server.poller.wait(&mut changes, at_most)?;
        for change in changes.iter() {
            match change {
                Change::Listener => server.arrivals.clients_wait(),
                Change::Shutdown => server.arrivals.stop(),
                Change::Client { key, more } => server.resume(key, Resumed::Ready { more }),
            }
        }
        for _ in 0..server.queue.len() {
            if let Some(key) = server.queue.pop() {
                server.resume(key, Resumed::Ready { more: false });
            }
        }
        for stream in server.arrivals.next_batch() {
            if let Err(error) = server.start(stream) {
                debug!(%error, "cannot serve a client");
                server.arrivals.shared.close(Outcome::Error);
            }
        }
        if let Some(moment) = server.arrivals.look_due() {
            (0..server.clients.capacity()).for_each(|key| server.resume(key, Resumed::Look(moment)));
        }
    }
    server.arrivals.finish()
}

/// One client's conversation: greet, then while bytes come, answer them, and send what did not fit.
fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
        client.send_rest()?;
    }
    Ok(())
}

struct EventLoop {
    poller: Poller,
    arrivals: Arrivals,
    /// Each conversation on a stack of its own.
    clients: Slab<Coroutine<Resumed, Suspended, Outcome, Stack>>,
    /// Clients that have suspended only so that the others come first.
    queue: Queue,
    stacks: Stacks,
}

impl EventLoop {
    fn new(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<EventLoop> {
        let arrivals = Arrivals::new(listener, options)?;
        let poller = Poller::new(&arrivals, shutdown)?;
        let stacks = Stacks::reserve(options.max_connections())
            .map_err(|error| io::Error::new(error.kind(), format!("{error}; choose fewer --max-conns")))?;
        Ok(EventLoop { poller, arrivals, clients: Slab::new(), queue: Queue::default(), stacks })
    }

    /// Gives a new client a stack, runs its conversation there until it waits for the first time, and only then watches its
    /// socket: a new one has room for the greeting.
    fn start(&mut self, stream: TcpStream) -> io::Result<()> {
        let (shared, socket) = (Rc::clone(&self.arrivals.shared), stream.as_raw_fd());
        // The model: a coroutine for this client.
        let key = self.clients.insert(Coroutine::with_stack(self.stacks.take()?, move |yielder, _| {
            let mut client = Client::new(yielder, &shared, stream);
            let result = converse(&mut client);
            client.finish(&result)
        }));
        self.resume(key, Resumed::Ready { more: false });
        if !self.clients.contains(key) {
            return Ok(());
        }
        // While its coroutine is suspended, its socket is open.
        self.poller.watch(&socket, key).inspect_err(|_| drop(self.clients.remove(key)))
    }

    /// Switches to the client's stack, until it suspends again. A panic there ends this client only.
    fn resume(&mut self, key: usize, with: Resumed) {
        // It may have been closed by what an earlier event of the same batch said.
        let Some(client) = self.clients.get_mut(key) else { return };
        let outcome = match catch_unwind(AssertUnwindSafe(|| client.resume(with))) {
            Ok(CoroutineResult::Yield(Suspended::UntilReady)) => return,
            Ok(CoroutineResult::Yield(Suspended::OthersFirst)) => return self.queue.push(key),
            Ok(CoroutineResult::Return(outcome)) => outcome,
            Err(_) => Outcome::Error,
        };
        self.clients.remove(key);
        self.arrivals.shared.close(outcome);
    }
}
