//! # Thread per connection: every client has a thread of its own
//!
//! ```text
//!  clients          main thread            one thread per client
//!
//!  A ────▶ ┌────────────────────────┐ ───▶ [ converse with A ]
//!  B ────▶ │ accept, spawn, repeat  │ ───▶ [ converse with B ]
//!  C ────▶ └────────────────────────┘ ───▶ [ converse with C ]
//! ```
//!
//! The conversation is the sequential server's, word for word; only the thread that holds it has changed. The kernel's
//! scheduler does all the interleaving: a thread that waits for its client costs no processor time.
//! But each thread takes memory (a stack in the kernel and some pages of its own), and each message costs a context
//! switch.
//!
//! ```sh
//! cargo run --release -p server-thread-per-conn               # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for up to some thousands of clients: the code stays straight, blocking libraries just
//! work, and throughput is close to what the kernel allows. **Do not** when clients are many and mostly
//! idle, or when strangers decide how many there are: each one takes a thread, and there is no bound but
//! `--max-conns` and what a process can hold (some 15,000 threads on Linux, unless `vm.max_map_count` is raised).

use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Knob, LogLimit, Options, Shutdown, Summary, most_threads};
use sockets::blocking::{Acceptor, Client, Connections};
use tracing::warn;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::WritePolicy, Knob::Nagle];

/// A thread's stack. The conversation needs a few KiB (its buffer is on the heap), logging in a debug build a
/// few tens. Only touched pages take memory, but the default of 2 MiB would also reserve address space
/// and a page table for each.
const STACK_SIZE: usize = 64 * 1024;

/// Serves every client on a thread of its own until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the drain thread cannot be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    // However many `--max-conns` allows: one thread too many would not fail but abort the process.
    let connections = Connections::new(options, shutdown)?.at_most(most_threads());
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    let mut log_limit = LogLimit::new();
    // The scope waits for all its threads, so that no client is left behind when the server ends.
    thread::scope(|scope| {
        while let Some(client) = acceptor.next_client()? {
            if let Some(client) = connections.admit(client) {
                // The model: a thread for this client, and straight on to the next accept.
                let thread = thread::Builder::new().stack_size(STACK_SIZE);
                if let Err(error) = thread.spawn_scoped(scope, || client.run(converse))
                    && log_limit.allows()
                {
                    // The client was dropped with the closure: it is rejected, no other is.
                    warn!(%error, "the thread for a client cannot be spawned; that client is rejected");
                }
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}

/// One client's conversation: greet, then while bytes come, answer them.
fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
    }
    Ok(())
}
