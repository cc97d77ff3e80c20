//! # prime-queue: one loop, and a queue of work for threads beside it
//!
//! ```text
//!                 ┌──────────────────────┐   numbers    ┌───────────────────┐
//!  A ──┐          │ the loop: who can be │ ───────────▶ │ a bounded queue   │ ───▶ [ worker ]
//!  B ──┼────────▶ │ read or written?     │              └───────────────────┘ ───▶ [ worker ]
//!  C ──┘          │ each takes a turn    │ ◀──── verdicts, and a wake-up ───────── [ worker ]
//!                 └──────────────────────┘                                    ───▶ [ worker ]
//! ```
//!
//! The loop does what loops are good at, waiting for everybody at once, and never computes. A number goes to a queue, a
//! worker thread tests it, and the verdict comes back with a wake-up, since the loop may be asleep. libuv, and with it
//! Node.js, works in this way, with four threads. A client with a number in work is not read, so that its answers stay in
//! order; one that leaves takes its number back, wherever it is.
//!
//! The queue is bounded: while it is full, numbers wait with their clients, first come first served. A queue of four
//! workers stalls at four: small numbers behind four big ones wait as long as behind one in prime-inline. More threads
//! only move that point.
//!
//! With `--cache` the workers also wait for the lookups, not the loop. But a worker that waits works for nobody: four of them and
//! a latency of 5 ms make 800 answers in a second, and that the processors are idle does not help. Waiting needs more
//! workers than computing.
//!
//! ```sh
//! cargo run --release -p prime-queue                          # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 does not wait
//! ```
//!
//! **Choose it** for many clients of which some ask for work, if how much is computed at once must be bounded. **Do not** if
//! small requests must never wait for big ones, or if all work is so small that handing it over costs more than doing it.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::AtomicBool;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary, require_threads};
use conversation::Primes;
use lookup::MOST_CONNECTIONS;
use lookup::blocking::Cache;
use poller::{Events, wait};
use prime::{Test, Verdict};
use sockets::ready::Shared;
use workers::{Answered, Queue, make};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Workers, Knob::Cache];

/// As many as libuv has.
const DEFAULT_WORKERS: usize = 4;

/// Serves all clients on this thread, and computes on others, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller or a thread cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let count = options.workers_or(DEFAULT_WORKERS);
    require_threads(count)?;
    let cache = Cache::of(options, count.min(MOST_CONNECTIONS));
    let shared = Shared::new(options);
    let mut clients = poller::clients::<Primes>(listener, &shared, shutdown)?;
    let waker = poller::waker(&mut clients)?;
    let (mut events, mut ready) = (Events::new(), Vec::new());
    thread::scope(|scope| {
        let mut queue = Queue::start(scope, count, &waker, || {
            |test, is_cancelled| work(cache.as_ref(), test, is_cancelled)
        })?;
        while !clients.is_done() {
            let at_most = clients.time_left();
            wait(&mut clients, at_most, &mut events, &mut ready)?;
            clients.take_turns(&mut ready);
            clients.look_if_due();
            // Before anything is handed over or anybody accepted: a newcomer may get the key of one that has left.
            clients.take_left().into_iter().for_each(|key| queue.cancel(key));
            while let Some(Answered { key, verdict, .. }) = queue.next_verdict() {
                clients.resume(key, verdict);
            }
            // The model: what fits goes to the workers, the rest waits.
            while queue.has_room()
                && let Some((key, test)) = clients.next_work()
            {
                queue.push(key, test);
            }
            clients.accept_batch();
        }
        clients.finish()
    })
}

/// A worker looks the number up, too, and waits: the loop does not. Returns `None` if the client has left meanwhile.
fn work(cache: Option<&Cache>, test: Test, is_cancelled: &AtomicBool) -> Option<Verdict> {
    let number = test.number();
    if let Some(verdict) = cache.and_then(|cache| cache.get(number)) {
        return Some(verdict);
    }
    let verdict = make(test, is_cancelled)?;
    cache.inspect(|cache| cache.store(number, verdict));
    Some(verdict)
}
