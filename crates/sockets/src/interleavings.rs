//! What blocking connections claim of threads that meet, tried in every order in which they can meet.
//!
//! [loom](https://docs.rs/loom) runs a model again and again, each time with another schedule of its threads
//! and other values for what an atomic may return under its ordering, until there is no other with at most
//! three preemptions. What runs in here is [`crate::blocking`] itself, with the chassis; only what is below it is a
//! stand-in: the socket ([`crate::wire`]), the descriptor of a shutdown (the chassis' `bell`), and the queue of a pool.
//! Nothing in here takes time, so no timeout is ever over.
//!
//! `crates/sockets/loom` runs all models and prints a line for each. A panic names the schedule's model and what
//! did not hold. "deadlock" means that some waited for ever, and then the whole process aborts: what they hold
//! cannot be dropped outside of a schedule.
#![expect(clippy::unwrap_used, reason = "a model's helpers fail the test")]

mod drained;
mod handed_over;
mod requested;

use std::any::type_name;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chassis::sync::Arc;
use chassis::{Options, Shutdown, Summary};

use crate::blocking::{Client, Shared};
use crate::wire::TcpStream;

/// More would say that a model is too large to be tried in full, not that it holds.
const MOST_SCHEDULES: usize = 2_000_000;

/// Tries a model, which is a closure in a test, in every order and says how many there were.
fn explore<M: Fn() + Send + Sync + 'static>(model: M) {
    let name = type_name::<M>().rsplit("::").nth(1).unwrap_or("model");
    let schedules = StdArc::new(AtomicUsize::new(0));
    let counted = StdArc::clone(&schedules);
    let mut loom = loom::model::Builder::new();
    loom.preemption_bound = loom.preemption_bound.or(Some(3));
    // Regardless of the environment: a model that is not explored completely must not look as if it were.
    (loom.max_duration, loom.max_permutations) = (None, None);
    loom.check(move || {
        assert!(counted.fetch_add(1, Relaxed) < MOST_SCHEDULES, "more than {MOST_SCHEDULES} schedules");
        model();
    });
    // Another program reads this line, so it must not continue an unfinished one.
    print!("\nloom {name}: {} schedules\n", schedules.load(Relaxed));
}

/// A server without connections.
fn server() -> Arc<Shared> {
    Arc::new(Shared::new(&Options::default(), &Shutdown::new().unwrap()))
}

/// Any: no model looks at it.
fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

fn admit(shared: &Arc<Shared>, stream: TcpStream, limit: usize) -> Option<Client> {
    Client::admit(shared, (stream, peer()), limit)
}

const GREETING: u8 = b'*';
/// Opens a message in which each byte comes back plus one. It is never closed in here, so that each byte has a reply.
const OPEN: u8 = b'^';
/// A client sends this to make its handler panic.
const PANIC: u8 = b'!';

/// The conversation of the models that block: greet, then while bytes come, answer them.
fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        if chunk.bytes().contains(&PANIC) {
            // A panic without its message, which would be printed in each schedule.
            std::panic::resume_unwind(Box::new(PANIC));
        }
        client.answer(chunk)?;
    }
    Ok(())
}

/// The figures of a server that all connections have left, each by exactly one way.
fn ended(shared: &Shared) -> Summary {
    shared.for_each_open(|socket| panic!("left behind: {socket:?}"));
    let summary = shared.counters.summary();
    let Summary { accepted, completed, errors, timeouts, rejected, dropped, .. } = summary;
    assert_eq!(accepted, completed + errors + timeouts + rejected + dropped, "{summary}");
    summary
}
