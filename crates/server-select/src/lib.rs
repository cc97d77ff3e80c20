//! # select: one thread around the `select` system call
//!
//! ```text
//!                       ┌───────────────────────────────────────────────┐
//!  clients              ▼                                               │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌─────────────────┴─────────────┐
//!  B ──┼───▶ │ select({A, B, C}): │ ────────────────▶ │ each takes a turn: recv,      │
//!  C ──┘     │ who can be served? │                   │ transform in place, send      │
//!            └────────────────────┘                   └───────────────────────────────┘
//! ```
//!
//! Only one call ever blocks: the one that waits for many sockets at once. This is the oldest one. Each call hands the
//! kernel two sets, a bit for each descriptor: whose bytes to wait for, and whose room. The kernel overwrites them with
//! who is ready, so they are filled anew for each round, and both sides walk all bits up to the highest descriptor: the
//! cost of a message grows with the clients that are connected, not with those that are active.
//!
//! POSIX fixes the size of a set (`FD_SETSIZE`, 1,024 in glibc, musl and on macOS): in C, a descriptor above it writes
//! beyond the set, so such a server must refuse all clients after the first thousand. Linux' kernel knows no such
//! limit, and the sets here grow.
//!
//! What each client has said is kept in a table ([`sockets::ready`]), and each turn takes up where the last one ended. The
//! kernel reports *states* (level-triggered): a client that could not finish its turn is simply reported again.
//!
//! ```sh
//! cargo run --release -p server-select                        # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** to understand old programs, or where nothing else exists. **Do not** otherwise: `poll` does the same
//! without sets of a fixed size, and neither suits thousands of clients of which most are idle.

mod set;

use std::io;
use std::net::TcpListener;

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::event::{Timespec, select};
use set::{Owners, Set};
use sockets::judge_wait;
use sockets::ready::{Awaited, Clients, NoRegistry, Shared};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the system refuses to select.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let shared = Shared::new(options);
    let mut clients = Clients::new(listener, &shared, shutdown, NoRegistry)?;
    let (mut asked, mut ready) = (Asked::default(), Vec::new());
    while !clients.is_done() {
        asked.wait(&clients, &mut ready)?;
        clients.take_turns(&mut ready);
        clients.accept_batch();
        clients.look_if_due();
    }
    clients.finish()
}

/// What the kernel is asked, and what it answers in the same place. Kept from round to round for its memory alone.
#[derive(Default)]
struct Asked {
    bytes: Set,
    room: Set,
    owners: Owners,
}

impl Asked {
    /// Waits until something can be done, and notes whose turn it is.
    fn wait(&mut self, clients: &Clients<NoRegistry>, ready: &mut Vec<usize>) -> io::Result<()> {
        let timeout = clients.time_left().and_then(|left| Timespec::try_from(left).ok());
        let Asked { bytes, room, owners } = self;
        bytes.clear();
        room.clear();
        for (key, socket, awaited) in clients.sockets() {
            let set = if awaited == Awaited::Room { &mut *room } else { &mut *bytes };
            set.insert(socket);
            owners.set(socket, key);
        }
        let bound = bytes.bound().max(room.bound());
        let (bits_of_bytes, bits_of_room) = (bytes.bits_up_to(bound), room.bits_up_to(bound));
        #[expect(unsafe_code, reason = "select trusts its caller that the descriptors are open")]
        // SAFETY: each descriptor in the sets is that of a client, the listener or the request to stop. `clients` owns or
        // borrows all of them and is borrowed until the call has returned, so they stay open; and both sets have a bit
        // for each descriptor below the bound.
        let selected =
            unsafe { select(bound, Some(bits_of_bytes), Some(bits_of_room), None, timeout.as_ref()) };
        match selected {
            Ok(0) => Ok(()),
            Ok(_) => {
                ready.extend(bytes.iter().chain(room.iter()).map(|descriptor| owners.of(descriptor)));
                Ok(())
            }
            Err(errno) => judge_wait(errno),
        }
    }
}
