//! # poll: one thread around the `poll` system call
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ poll([A, B, C]):   │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ who can be served? │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Only one call ever blocks: the one that waits for many sockets at once. Each call hands the kernel a list of all
//! sockets, with what to wait for on each, and the kernel marks in it who is ready. It remembers nothing between two
//! calls, so both sides walk the whole list for every round: the cost of a message grows with the clients that are
//! connected, not with those that are active. Unlike select's sets the list has no limit, and it is as long as there are
//! clients, whatever the numbers of their descriptors.
//!
//! What each client has said is kept in a table ([`sockets::ready`]), and each turn takes up where the last one ended. The
//! kernel reports *states* (level-triggered): a client that could not finish its turn is simply reported again.
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

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sockets::judge_wait;
use sockets::ready::{Awaited, Clients, NoRegistry, Shared};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the system refuses to poll.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let shared = Shared::new(options);
    let mut clients = Clients::new(listener, &shared, shutdown, NoRegistry)?;
    let mut ready = Vec::new();
    while !clients.is_done() {
        wait(&clients, &mut ready)?;
        clients.take_turns(&mut ready);
        clients.accept_batch();
        clients.look_if_due();
    }
    clients.finish()
}

/// Waits until something can be done, and notes whose turn it is.
fn wait(clients: &Clients<NoRegistry>, ready: &mut Vec<usize>) -> io::Result<()> {
    let timeout = clients.time_left().and_then(|left| Timespec::try_from(left).ok());
    // Made anew in each round, like the question: what a walk costs here is little beside the kernel's own.
    let entries = clients.sockets().map(|(_, socket, awaited)| {
        let asked = if awaited == Awaited::Room { PollFlags::OUT } else { PollFlags::IN };
        PollFd::from_borrowed_fd(socket, asked)
    });
    let mut list: Vec<PollFd> = entries.collect();
    match poll(&mut list, timeout.as_ref()) {
        Ok(count) => {
            let answered = clients.sockets().zip(&list).filter(|(_, entry)| !entry.revents().is_empty());
            // Whoever comes behind the last one that is ready need not be looked at.
            ready.extend(answered.take(count).map(|((key, ..), _)| key));
            Ok(())
        }
        Err(errno) => judge_wait(errno),
    }
}
