//! # callbacks: an event loop that calls back
//!
//! ```text
//!                ┌──────────────────────────────┐      A is ready     ┌───────────────────────────────┐
//!  clients       │ event loop                   │ ──────────────────▶ │ receive(A): recv, answer,     │
//!  A ──┐         │   A: when ready, call receive│      call           │ then say what to call next    │
//!  B ──┼───────▶ │   B: when ready, send_rest   │ ◀────────────────── │ and return                    │
//!  C ──┘         └──────────────────────────────┘  when_ready(A, …)   └───────────────────────────────┘
//! ```
//!
//! The loop knows nothing of conversations: it keeps, for each client, the function to call once something has
//! happened. A step of a conversation does what it can without waiting, registers the step that comes next, and
//! returns to the loop. libuv and Node.js work in this way. Everything is on one thread, so no step needs a lock, and
//! none may block.
//!
//! The four steps are those of futures, coroutines and tokio: greet, receive, answer, send the rest. Here a function and
//! the `Client` that it is called with keep the state: a closure, spelt out. What straight code keeps on its stack goes
//! from callback to callback, and the order of the steps is no longer the order of the lines.
//!
//! ```sh
//! cargo run --release -p server-callbacks                     # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** where a library or a language gives you such a loop, and steps are few and short. **Do not** for
//! conversations with many steps, loops and errors: each of these is spread over functions, and `async` has the compiler
//! write the same thing from straight code.

use std::io;
use std::net::TcpListener;

use chassis::{Knob, Options, Shutdown, Summary};
use event_loop::{Client, EventLoop};
use sockets::ready::{Receipt, Sending};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    EventLoop::new(listener, options, shutdown)?.run(greet)
}

/// A client has been accepted.
fn greet(events: &mut EventLoop, mut client: Client) {
    match events.exchange(&mut client).greet() {
        Ok(Sending::Done) => events.when_ready(client, receive),
        Ok(Sending::Blocked) => events.when_ready(client, send_rest),
        Ok(Sending::Refused) => events.soon(client, send_rest),
        Err(error) => events.fail(client, &error),
    }
}

/// There may be bytes.
fn receive(events: &mut EventLoop, mut client: Client) {
    let mut buffer = events.lend_buffer();
    match events.exchange(&mut client).receive(&mut buffer) {
        Ok(Receipt::Chunk { length, filled }) => answer(events, client, &mut buffer[..length], filled),
        Ok(Receipt::Nothing) => events.when_ready(client, receive),
        Ok(Receipt::Refused) => events.soon(client, receive),
        Ok(Receipt::End(outcome)) => events.close(client, outcome),
        Err(error) => events.fail(client, &error),
    }
    events.give_back(buffer);
}

/// Bytes have come; `filled` says that they filled the buffer, so that there may be more.
fn answer(events: &mut EventLoop, mut client: Client, received: &mut [u8], filled: bool) {
    match events.exchange(&mut client).answer(received) {
        Ok(Sending::Done) if client.conversation.may_read_on(filled) => events.soon(client, receive),
        Ok(Sending::Done) => events.when_ready(client, receive),
        Ok(Sending::Blocked) => events.when_ready(client, send_rest),
        Ok(Sending::Refused) => events.soon(client, send_rest),
        Err(error) => events.fail(client, &error),
    }
}

/// There may be room for what did not fit.
fn send_rest(events: &mut EventLoop, mut client: Client) {
    match events.exchange(&mut client).send_rest() {
        // The loop was told of bytes that came meanwhile only once, and called this function.
        Ok(Sending::Done) => receive(events, client),
        Ok(Sending::Blocked) => events.when_ready(client, send_rest),
        Ok(Sending::Refused) => events.soon(client, send_rest),
        Err(error) => events.fail(client, &error),
    }
}
