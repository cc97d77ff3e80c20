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
//! The oldest way to wait for many sockets at once. Each call hands the kernel two sets, a bit for each descriptor: whose
//! bytes to wait for, and whose room. The kernel overwrites them with who is ready, so they are filled anew for each
//! round, and both sides walk all bits up to the highest descriptor: the cost of a message grows with the clients that
//! are connected, not with those that are active.
//!
//! POSIX fixes the size of a set (`FD_SETSIZE`, 1,024 in glibc): in C a descriptor above it writes beyond the set, so
//! such a server must refuse its 1,022nd client or so. The kernel itself knows no such limit, and the sets here grow.
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
use std::os::fd::AsFd;

use chassis::{Knob, Options, Shutdown, Summary};
use rustix::event::{Timespec, select};
use rustix::io::Errno;
use set::Set;
use sockets::ready::{Clients, Ready};

/// Keys that no client has: theirs are their places in the table.
const LISTENER: usize = usize::MAX;
const SHUTDOWN: usize = usize::MAX - 1;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the system refuses to select.
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
    let (mut bytes, mut room) = (Set::default(), Set::default());
    for (key, client) in clients.iter() {
        // A socket with room is always ready, so room is asked for only while a reply waits for it.
        let set = if client.waits_for_room() { &mut room } else { &mut bytes };
        set.insert(client.as_fd(), key);
    }
    listener.into_iter().for_each(|listener| bytes.insert(listener, LISTENER));
    shutdown.into_iter().for_each(|shutdown| bytes.insert(shutdown.as_fd(), SHUTDOWN));
    let bound = bytes.bound().max(room.bound());
    let (bits_of_bytes, bits_of_room) = (bytes.bits_up_to(bound), room.bits_up_to(bound));
    #[expect(unsafe_code, reason = "select trusts its caller that the descriptors are open")]
    // SAFETY: each descriptor in the sets is that of a client, the listener or the request to stop. All are borrowed
    // until the call has returned, so they stay open; and both sets have a bit for each descriptor below the bound.
    let selected = unsafe { select(bound, Some(bits_of_bytes), Some(bits_of_room), None, timeout.as_ref()) };
    match selected {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    for key in bytes.keys().chain(room.keys()) {
        match key {
            LISTENER => ready.listener = true,
            SHUTDOWN => ready.shutdown = true,
            key => ready.clients.push(key),
        }
    }
    Ok(())
}
