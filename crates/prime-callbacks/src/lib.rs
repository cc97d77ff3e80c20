//! # prime-callbacks: a chain of callbacks
//!
//! ```text
//!   event loop                                         elsewhere
//!
//!   receive(A): a number ── compute(A, on_verdict) ──▶ [ queue ] ──▶ [ worker ]
//!      ⋮  other clients' callbacks                                       │
//!   on_verdict(A): resume, send, when_ready(A, receive) ◀────────────────┘
//! ```
//!
//! What straight code would do one line after the other is asked for with the function to call when it is there. That
//! function is a closure: it keeps what the next step needs, such as the number. So each step stands inside the one
//! before it, and the steps move to the right. libuv and Node.js work in this way: part 6 of the series starts here.
//!
//! Everything of a client is on the loop's thread, so no step needs a lock, and none may block or compute. A client that
//! waits for an answer is suspended: it is not read, so that its answers stay in order, and if it leaves, the loop forgets
//! its callback and stops its test. Work that does not fit into the queue waits, first come first served.
//!
//! ```sh
//! cargo run --release -p prime-callbacks                      # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 does not wait
//! ```
//!
//! **Choose it** where a library or a language gives you such a loop, and an answer takes one or two steps. **Do not** if a
//! step can fail in several ways or repeats: each level has its own error, no `?` and no loop reaches across a callback.
//! prime-promises and prime-async are the same steps, flat.

mod work;

use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary, require_threads};
use conversation::Primes;
use event_loop::EventLoop;
use prime::{Test, Verdict};
use sockets::ready::{Receipt, Sending};

use work::{Work, compute, look_up, store};

type Events = EventLoop<Primes, Work>;
type Client = event_loop::Client<Primes>;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Framing, Knob::Cache];

/// As many as libuv has.
const DEFAULT_WORKERS: usize = 4;

/// Serves all clients on this thread, and computes on others, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller or a thread cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let count = options.workers_or(DEFAULT_WORKERS);
    require_threads(count)?;
    let events = EventLoop::new(listener, options, shutdown)?;
    let waker = events.waker()?;
    thread::scope(|scope| {
        let work = Work::start(scope, count, &waker, options)?;
        events.with(work).run(greet)
    })
}

/// A client has been accepted. This service says nothing first.
fn greet(events: &mut Events, client: Client) {
    events.when_ready(client, receive);
}

/// There may be bytes.
fn receive(events: &mut Events, mut client: Client) {
    let mut buffer = events.lend_buffer();
    match events.exchange(&mut client).receive(&mut buffer) {
        Ok(Receipt::Chunk { length, filled }) => answer(events, client, &mut buffer[..length], filled),
        Ok(Receipt::Nothing) => events.when_ready(client, receive),
        Ok(Receipt::Refused) => events.soon(client, receive),
        Ok(Receipt::Work(test)) => respond(events, client, test),
        Ok(Receipt::End(outcome)) => events.close(client, outcome),
        Err(error) => events.fail(client, &error),
    }
    events.give_back(buffer);
}

/// Bytes have come; `filled` says that they filled the buffer, so that there may be more. What is no number is answered.
fn answer(events: &mut Events, mut client: Client, received: &mut [u8], filled: bool) {
    if filled {
        client.conversation.expect_more();
    }
    let sending = events.exchange(&mut client).answer(received);
    go_on(events, client, sending);
}

/// The model: a number. Each step is called back by the one before it; what it needs, its closure keeps.
fn respond(events: &mut Events, client: Client, test: Test) {
    let number = test.number();
    look_up(events, client, number, move |events, client, found| match found {
        Some(verdict) => resume(events, client, verdict),
        // Also if the cache does not help: its errors end there, since this is all that follows from them.
        None => compute(events, client, test, move |events, client, verdict| {
            store(events, number, verdict);
            resume(events, client, verdict);
        }),
    });
}

/// The answer is there.
fn resume(events: &mut Events, mut client: Client, verdict: Verdict) {
    let sending = events.exchange(&mut client).resume(verdict);
    go_on(events, client, sending);
}

/// An answer has been sent, or a part of it: what is called next?
fn go_on(events: &mut Events, mut client: Client, sending: io::Result<Sending>) {
    match sending {
        Ok(Sending::Done) => match events.exchange(&mut client).advance() {
            Some(Receipt::Work(test)) => respond(events, client, test),
            Some(Receipt::End(outcome)) => events.close(client, outcome),
            _ if client.conversation.may_read_on(false) => events.soon(client, receive),
            _ => events.when_ready(client, receive),
        },
        Ok(Sending::Blocked) => events.when_ready(client, send_rest),
        Ok(Sending::Refused) => events.soon(client, send_rest),
        Err(error) => events.fail(client, &error),
    }
}

/// There may be room for what did not fit.
fn send_rest(events: &mut Events, mut client: Client) {
    match events.exchange(&mut client).send_rest() {
        // The loop was told of bytes that came meanwhile only once, and called this function.
        Ok(Sending::Done) => {
            client.conversation.expect_more();
            receive(events, client);
        }
        Ok(Sending::Blocked) => events.when_ready(client, send_rest),
        Ok(Sending::Refused) => events.soon(client, send_rest),
        Err(error) => events.fail(client, &error),
    }
}
