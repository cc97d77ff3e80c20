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
//! The conversation is the sequential server's, word for word; only who holds it has changed. The kernel's
//! scheduler does all the interleaving: a thread that waits for its client costs no processor time.
//! It does cost memory, a stack in the kernel and some pages of its own for each, and a switch between
//! threads for each message.
//!
//! ```sh
//! cargo run --release -p server-thread-per-conn               # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for up to some thousands of clients: the code stays straight, blocking libraries just
//! work, and throughput is close to what the kernel allows. **Do not** when clients are many and mostly
//! idle, or when strangers decide how many there are: each one takes a thread, and there is no bound but
//! `--max-conns` and what a process can hold (16,000 here).

use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Acceptor, Connection, Connections, Knob, LogLimit, Options, Shutdown, Summary, most_threads};
use protocol::{GREETING, Session};
use tracing::warn;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// A thread's stack. The handler needs a few KiB (its buffer is on the heap), logging in a debug build a
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
            if let Some(connection) = connections.admit(client) {
                // The model: a thread for this client, and straight on to the next accept.
                let thread = thread::Builder::new().stack_size(STACK_SIZE);
                if let Err(error) = thread.spawn_scoped(scope, || connection.run(converse))
                    && log_limit.allows()
                {
                    // The connection went down with the closure: that client is rejected, no other is.
                    warn!(%error, "no thread for a client, which is rejected");
                }
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}

/// A buffer grows to this once a client fills it. Together with the stack, a client that sends much and
/// reads nothing then still holds less than 64 KiB.
const LARGEST_BUFFER: usize = 32 * 1024;

/// One client's conversation: greet, then answer each read by one write until the client is done.
fn converse(connection: &mut Connection) -> io::Result<()> {
    let mut session = Session::new();
    let mut buffer = vec![0; 4 * 1024];
    connection.send_all(&[GREETING])?;
    loop {
        let received = match connection.receive(&mut buffer, session.in_frame())? {
            0 => return Ok(()),
            received => received,
        };
        let reply = session.transform_in_place(&mut buffer[..received]);
        connection.send_all(&buffer[..reply])?;
        if received == buffer.len() && received < LARGEST_BUFFER {
            buffer.resize(LARGEST_BUFFER, 0);
        }
    }
}
