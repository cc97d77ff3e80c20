//! # epoll: one thread around `epoll_wait`
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ epoll_wait():      │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ who can be served? │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Only one call ever blocks: the one that waits for many sockets at once. The kernel keeps the list: a client is
//! registered once, with its key, and each wait returns only those that are ready. So the cost of a message does not
//! depend on how many other clients are connected. What each client waits for is the kernel's to remember, too, so it
//! is told when that changes: for room once a reply does not fit, for bytes again when it has gone.
//!
//! What each client has said is kept in a table ([`sockets::ready`]), and each turn takes up where the last one ended. As
//! with select and poll, the kernel reports *states* (level-triggered): a client that could not finish its turn is simply
//! reported again. The model mio has it report changes instead.
//!
//! ```sh
//! cargo run --release -p server-epoll                         # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** on Linux for very many connections, most of them idle, without a library. **Do not** if it must run
//! elsewhere, too (mio does), or if a message can take long to compute: all others wait meanwhile.

#![cfg(target_os = "linux")]

use std::io;
use std::net::TcpListener;
use std::os::fd::{BorrowedFd, OwnedFd};

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use sockets::judge_wait;
use sockets::ready::{Awaited, Clients, Registry, Shared};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Events taken in one wait; what is left is reported by the next one.
const EVENTS: usize = 1024;

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let shared = Shared::new(options);
    let poller = Poller(epoll::create(CreateFlags::CLOEXEC)?);
    let mut clients = Clients::new(listener, &shared, shutdown, &poller)?;
    poller.register(&clients)?;
    let (mut events, mut ready) = (Vec::with_capacity(EVENTS), Vec::new());
    while !clients.is_done() {
        poller.wait(&clients, &mut events, &mut ready)?;
        clients.take_turns(&mut ready);
        clients.accept_batch();
        clients.look_if_due();
    }
    clients.finish()
}

/// The list that the kernel keeps.
struct Poller(OwnedFd);

impl Poller {
    /// Puts in what there is before the first client: the listener and the request to stop. These two report changes
    /// only: a listener that must pause, or a request that has been seen, would keep the loop awake otherwise.
    fn register(&self, clients: &Clients<&Poller>) -> io::Result<()> {
        for (key, socket, _) in clients.sockets() {
            epoll::add(&self.0, socket, EventData::new_u64(key as u64), EventFlags::IN | EventFlags::ET)?;
        }
        Ok(())
    }

    /// Waits until something can be done, and notes whose turn it is.
    fn wait(
        &self,
        clients: &Clients<&Poller>,
        events: &mut Vec<Event>,
        ready: &mut Vec<usize>,
    ) -> io::Result<()> {
        let timeout = clients.time_left().and_then(|left| Timespec::try_from(left).ok());
        events.clear();
        match epoll::wait(&self.0, spare_capacity(events), timeout.as_ref()) {
            Ok(_) => {
                ready.extend(events.iter().filter_map(|event| usize::try_from(event.data.u64()).ok()));
                Ok(())
            }
            Err(errno) => judge_wait(errno),
        }
    }
}

/// What a client waits for is the kernel's to remember, so it is told when that changes.
impl Registry for &Poller {
    const REPORTS_CHANGES: bool = false;

    fn add(&mut self, key: usize, client: BorrowedFd<'_>, awaited: Awaited) -> io::Result<()> {
        Ok(epoll::add(&self.0, client, EventData::new_u64(key as u64), asked(awaited))?)
    }

    fn change(&mut self, key: usize, client: BorrowedFd<'_>, awaited: Awaited) -> io::Result<()> {
        Ok(epoll::modify(&self.0, client, EventData::new_u64(key as u64), asked(awaited))?)
    }
}

const fn asked(awaited: Awaited) -> EventFlags {
    match awaited {
        Awaited::Bytes => EventFlags::IN,
        Awaited::Room => EventFlags::OUT,
    }
}
