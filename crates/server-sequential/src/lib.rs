//! # Sequential: one thread, one client at a time
//!
//! ```text
//!  clients          kernel              server
//!
//!  A ───────────────────────────────▶ ┌────────┐
//!  B ──────▶ ┌───────────────┐        │ serves │  accept ─▶ converse ─▶ close ─▶ accept …
//!  C ──────▶ │ backlog: B, C │ ─ ─ ─▶ │   A    │
//!            └───────────────┘        └────────┘
//! ```
//!
//! The simplest server there is. It accepts a client, serves it to its end and accepts the next one. The
//! kernel completes the other clients' connections and keeps them in the listener's backlog, so they are
//! connected but get nothing, not even the greeting: one slow client blocks all others.
//!
//! ```sh
//! cargo run --release -p server-sequential                    # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: three clients, a staircase
//! ```
//!
//! **Choose it** when there is one client by nature (a local helper, a debugging port), or when each
//! connection is so short that waiting in line costs nothing. **Do not** when a client may think, stall or
//! stay: everybody waits for the slowest.

use std::io;
use std::net::TcpListener;

use chassis::{Knob, Options, Shutdown, Summary};
use sockets::blocking::{Acceptor, Client, Connections};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::WritePolicy, Knob::Nagle];

/// Serves one client after the other until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the drain thread cannot be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    while let Some(client) = acceptor.next_client()? {
        if let Some(client) = connections.admit(client) {
            // The model: no other client is served until this one has gone.
            client.run(converse);
        }
    }
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
