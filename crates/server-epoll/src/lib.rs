//! # epoll: one thread around `epoll_wait`
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ epoll_wait(): who  │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ can be served?     │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! The kernel keeps the list: a client is registered once, with its key, and each wait returns only those that are ready.
//! So the cost of a message does not depend on how many other clients are connected. What each client waits for is
//! the kernel's to remember, too, so it is told when that changes: for room once a reply does not fit, for bytes again
//! when it has gone.
//!
//! As select and poll do, it reports *states* (level-triggered): a client that could not finish in one turn is simply
//! reported again. The model mio has it report changes instead.
//!
//! ```sh
//! cargo run --release -p server-epoll                         # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** on Linux for very many connections, most of them idle, without a library. **Do not** if it must run
//! elsewhere, too (mio does), or if a message can take long to compute: all others wait meanwhile.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use sockets::ready::{Clients, Ready};

type Client = sockets::ready::Client<TcpStream>;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Keys that no client has: theirs are their places in the table.
const LISTENER: u64 = u64::MAX;
const SHUTDOWN: u64 = u64::MAX - 1;

/// Events taken in one wait; what is left is reported by the next one.
const EVENTS: usize = 1024;

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut clients = Clients::new(listener, options)?;
    let mut ready = Ready::default();
    let poller = epoll::create(CreateFlags::CLOEXEC)?;
    // These two report changes: a listener that must pause, or a request to stop that has been seen, would keep the
    // loop awake otherwise.
    if let Some(listener) = clients.listener() {
        epoll::add(&poller, listener, EventData::new_u64(LISTENER), EventFlags::IN | EventFlags::ET)?;
    }
    epoll::add(&poller, shutdown, EventData::new_u64(SHUTDOWN), EventFlags::IN | EventFlags::ET)?;
    let mut events = Vec::with_capacity(EVENTS);
    // What a client waits for is the kernel's to remember. A socket with room is always ready, so room is asked for only
    // while a reply waits for it.
    let asked = |client: &Client| if client.waits_for_room() { EventFlags::OUT } else { EventFlags::IN };
    let add = |key: usize, client: &Client| {
        epoll::add(&poller, client, EventData::new_u64(key as u64), asked(client))
    };
    let modify = |key: usize, client: &Client| {
        epoll::modify(&poller, client, EventData::new_u64(key as u64), asked(client))
    };
    while !clients.is_done() {
        wait(&poller, &clients, &mut events, &mut ready)?;
        clients.take_turns(&mut ready, |key, client| Ok(modify(key, client)?));
        clients.accept_batch(|key, client| Ok(add(key, client)?));
        // Who leaves is closed, and a closed socket leaves the poller by itself.
        clients.look_if_due(|key, client| Ok(modify(key, client)?));
    }
    clients.finish()
}

/// Waits until something can be done, and notes what.
fn wait(poller: &OwnedFd, clients: &Clients, events: &mut Vec<Event>, ready: &mut Ready) -> io::Result<()> {
    let timeout = clients.time_left().and_then(|left| Timespec::try_from(left).ok());
    events.clear();
    match epoll::wait(poller, spare_capacity(events), timeout.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    for event in events {
        match event.data.u64() {
            LISTENER => ready.listener = true,
            SHUTDOWN => ready.shutdown = true,
            key => ready.clients.extend(usize::try_from(key)),
        }
    }
    Ok(())
}
