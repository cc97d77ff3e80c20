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
//! connected but hear nothing, not even the greeting: one slow client blocks all others.
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

use chassis::{Acceptor, Connection, Connections, Knob, Options, Shutdown, Summary};
use protocol::{GREETING, Session};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves one client after the other until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the drain thread cannot be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    while let Some(client) = acceptor.next_client()? {
        if let Some(connection) = connections.admit(client) {
            // The model: nobody else is looked at until this client has gone.
            connection.run(converse);
        }
    }
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
