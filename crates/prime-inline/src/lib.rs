//! # prime-inline: one loop, which computes where it stands
//!
//! ```text
//!                       ┌─────────────────────────────────────────────────────────┐
//!  clients              ▼                                                         │
//!  A ──┐     ┌────────────────────┐  A, C are ready   ┌───────────────────────────┴──┐
//!  B ──┼───▶ │ epoll: who can be  │ ────────────────▶ │ each takes a turn: recv,     │
//!  C ──┘     │ read or written?   │                   │ TEST THE NUMBER, send        │
//!            └────────────────────┘                   └──────────────────────────────┘
//! ```
//!
//! The mistake that event-driven servers are known for, made on purpose. The loop is the one that serves echo at full
//! speed; here its turn takes as long as the number needs, and meanwhile nobody else is read, answered or accepted. A small
//! number behind a big one waits for all of the big one. Nothing crashes and nothing is lost: everybody is late.
//!
//! Even so it must not be deaf. About once a millisecond it leaves the test for a look: has the client left, is the
//! server to stop, is a timeout over? To serve the others in these pauses would be the next step, a scheduler by hand.
//!
//! With `--cache` the loop also waits where it stands, and then it is deaf indeed: one lookup at a time, so that with a latency of
//! 5 ms there are 200 answers in a second for all clients together, however little they cost. If the cache is slow, everybody waits
//! for its timeout, a second.
//!
//! ```sh
//! cargo run --release -p prime-inline                         # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 waits for the big one
//! ```
//!
//! **Choose it** if every request is cheap, a few microseconds at most, for certain, and no cache is asked: then to hand work
//! over costs more than it saves. **Do not** if a single client can ask for something that is not.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use chassis::{Knob, Options, Shutdown, Summary};
use conversation::Primes;
use lookup::blocking::Cache;
use poller::{Events, Watcher, wait};
use prime::{Test, Verdict};
use sockets::ready::{Clients, Shared};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Cache];

/// Serves all clients on this thread, and computes on it, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let shared = Shared::new(options);
    // One thread asks one question at a time.
    let cache = Cache::of(options, 1);
    let mut clients = poller::clients::<Primes>(listener, &shared, shutdown)?;
    let (mut events, mut ready) = (Events::new(), Vec::new());
    while !clients.is_done() {
        let at_most = if clients.waiting() > 0 { Some(Duration::ZERO) } else { clients.time_left() };
        wait(&mut clients, at_most, &mut events, &mut ready)?;
        clients.take_turns(&mut ready);
        // One number of each client that has some, however many it has sent.
        for _ in 0..clients.waiting() {
            if let Some((key, test)) = clients.next_work()
                && let Some(verdict) = work(&mut clients, key, test, cache.as_ref())
            {
                clients.resume(key, verdict);
            }
        }
        clients.accept_batch();
        clients.look_if_due();
    }
    clients.finish()
}

/// The model: looks the number up and tests it, right here. Returns `None` if the client has left meanwhile.
fn work(
    clients: &mut Clients<'_, Watcher, Primes>,
    key: usize,
    test: Test,
    cache: Option<&Cache>,
) -> Option<Verdict> {
    let number = test.number();
    // The loop blocks, which a loop must not: meanwhile nobody is served.
    if let Some(verdict) = cache.and_then(|cache| cache.get(number)) {
        return Some(verdict);
    }
    let verdict = compute(clients, key, test)?;
    cache.inspect(|cache| cache.store(number, verdict));
    Some(verdict)
}

/// Makes the test. Returns `None` if the client has left meanwhile.
fn compute(clients: &mut Clients<'_, Watcher, Primes>, key: usize, mut test: Test) -> Option<Verdict> {
    loop {
        if let Some(verdict) = test.go_on() {
            return Some(verdict);
        }
        if !clients.still_waits(key) {
            return None;
        }
    }
}
