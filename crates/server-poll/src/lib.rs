//! # poll: one thread around the `poll` system call
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ poll(A, B, C): who │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ can be served?     │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Each call hands the kernel a list of all sockets, with what to wait for on each, and the kernel marks in it who is
//! ready. It remembers nothing between two calls, so both sides walk the whole list for every round: the cost of a
//! message grows with the clients that are connected, not with those that are active. Unlike select's sets the list
//! has no limit and is as long as there are clients, whatever the numbers of their descriptors.
//!
//! The kernel reports *states* (level-triggered): a client that could not finish in one turn is simply reported again.
//! A socket with room is always ready, so room is asked for only while a reply waits for it.
//!
//! ```sh
//! cargo run --release -p server-poll                          # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for up to some hundred connections, on any Unix, without a library. **Do not** for thousands of which
//! most are idle: each message then pays for a walk over all of them.

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use sockets::ready::{Clients, Ready};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the system refuses to poll.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut clients = Clients::new(listener, options)?;
    let mut ready = Ready::default();
    while !clients.is_done() {
        wait(&clients, shutdown, &mut ready)?;
        clients.take_turns(&mut ready, |_, _| Ok(()));
        clients.accept_batch(|_, _| Ok(()));
        clients.look_if_due(|_, _| Ok(()));
    }
    clients.finish()
}

/// Waits until something can be done, and notes what.
fn wait(clients: &Clients, shutdown: &Shutdown, ready: &mut Ready) -> io::Result<()> {
    let timeout = clients.time_left().and_then(|left| Timespec::try_from(left).ok());
    let (listener, shutdown) = (clients.listener(), clients.awaits_shutdown().then_some(shutdown));
    // The clients first, in the order of their table; then the two others, as far as they are waited for.
    let mut list: Vec<PollFd> = clients
        .iter()
        .map(|(_, client)| {
            let asked = if client.waits_for_room() { PollFlags::OUT } else { PollFlags::IN };
            PollFd::new(client, asked)
        })
        .collect();
    let count = list.len();
    list.extend(listener.map(|listener| PollFd::from_borrowed_fd(listener, PollFlags::IN)));
    list.extend(shutdown.map(|shutdown| PollFd::from_borrowed_fd(shutdown.as_fd(), PollFlags::IN)));
    match poll(&mut list, timeout.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    let is_reported = |entry: &PollFd| !entry.revents().is_empty();
    let reported = clients.iter().zip(&list).filter(|(_, entry)| is_reported(entry));
    ready.clients.extend(reported.map(|((key, _), _)| key));
    let mut others = list[count..].iter().map(is_reported);
    ready.listener = listener.is_some() && others.next() == Some(true);
    ready.shutdown = shutdown.is_some() && others.next() == Some(true);
    Ok(())
}
