//! # prime-promises: futures chained with combinators
//!
//! ```text
//!  look_up(n) ──▶ then ──── prime or composite: ready(Ok(verdict)) ─────────────────────────▶ resume
//!                   │                                                                            ▲
//!                   └────── nothing: compute(n) ──▶ and_then ──▶ store(n) ──▶ map_ok ────────────┘
//!                               │        ▲
//!                               ▼        │ verdict
//!                          [ N blocking threads ]
//! ```
//!
//! A promise stands for a value that is not there yet; a future is Rust's. `and_then` makes a longer promise of one: what
//! to do with its value, which is a promise again. So the steps of prime-callbacks stand below each other and no longer
//! inside each other, and an error passes by all of them, down to the end of the chain. But a chain has no loops, no `?`,
//! and no variables: whatever a later step needs is passed along, here the client itself; both arms of a `match` must be of
//! one type, hence each is `boxed`; and repeating needs a function of its own.
//!
//! The work is done on N blocking threads, as in prime-async; a client that leaves drops its promise, and with it the test.
//!
//! ```sh
//! cargo run --release -p prime-promises                       # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 does not wait
//! ```
//!
//! **Choose it** for short chains without loops, such as one more step behind a future that you are given. **Do not** for
//! a whole conversation: prime-async is the same steps as straight code, with fewer allocations and with `while` and `?`.

mod promise;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary};
use futures_util::future::{FutureExt, TryFutureExt, ready};
use prime::{Test, Verdict};
use sockets::tasks::Tasks;
use tokio_sockets::{Arrivals, Workers, runtime};

use promise::{Cache, Client, Promise, repeat};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Framing, Knob::Cache];

/// As many as libuv has.
const DEFAULT_WORKERS: usize = 4;

/// Where verdicts come from.
struct Verdicts {
    cache: Cache,
    workers: Workers,
}

/// Serves all clients on tokio's threads, and computes on others, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let workers = options.workers_or(DEFAULT_WORKERS);
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let runtime = runtime::with_blocking_threads(processors, workers)?;
    let verdicts = Arc::new(Verdicts { cache: Cache::of(options), workers: Workers::new(workers) });
    let tasks = Arc::new(Tasks::new(options));
    let accepting = {
        let _runtime = runtime.enter();
        let arrivals = Arrivals::new(listener, &tasks, shutdown)?;
        runtime.spawn(accept_all(arrivals, verdicts))
    };
    let ended = runtime.block_on(accepting).map_err(io::Error::other)?;
    tasks.shared.counters.finish(ended)
}

/// Gives each client a task of its own until shutdown is requested, then drains them.
fn accept_all(arrivals: Arrivals, verdicts: Arc<Verdicts>) -> Promise<()> {
    let accept = move |arrivals| {
        let verdicts = Arc::clone(&verdicts);
        promise::next_client(arrivals).map_ok(move |(arrivals, accepted)| match accepted {
            Some((client, stream)) => {
                tokio::spawn(converse(client, stream, verdicts));
                Continue(arrivals)
            }
            None => Break(arrivals),
        })
    };
    repeat(arrivals, accept).and_then(Arrivals::drain).boxed()
}

/// One client's conversation: greet, then while bytes come, answer them, number by number. An error or a panic in it ends
/// this client only.
fn converse(client: Client, stream: TcpStream, verdicts: Arc<Verdicts>) -> Promise<()> {
    let turn = move |client: Client| {
        let verdicts = Arc::clone(&verdicts);
        client.receive().and_then(|(client, chunk)| match chunk {
            Some(chunk) => {
                client.answer(chunk).and_then(|client| work(client, verdicts)).map_ok(Continue).boxed()
            }
            // Its last line may have ended with the stream.
            None => work(client, verdicts).map_ok(|_| Break(())).boxed(),
        })
    };
    client.greet(stream).and_then(|client| repeat(client, turn)).boxed()
}

/// Answers number by number, until what has come is answered in full.
fn work(client: Client, verdicts: Arc<Verdicts>) -> Promise<Client> {
    let turn = move |client: Client| {
        let verdicts = Arc::clone(&verdicts);
        client.next_work().and_then(move |(client, test)| match test {
            Some(test) => client
                .wait_for(find(verdicts, test))
                .and_then(|(client, verdict)| client.resume(verdict))
                .map_ok(Continue)
                .boxed(),
            None => ready(Ok(Break(client))).boxed(),
        })
    };
    repeat(client, turn).boxed()
}

/// The model: look up; on a miss compute, and store. If the client leaves meanwhile, all of it is dropped.
fn find(verdicts: Arc<Verdicts>, test: Test) -> Promise<Verdict> {
    let number = test.number();
    let look_up = verdicts.cache.get(number);
    look_up
        .then(move |found| match found {
            Some(verdict) => ready(Ok(verdict)).boxed(),
            None => verdicts
                .workers
                .compute(test)
                .and_then(move |verdict| verdicts.cache.store(number, verdict).map(move |()| Ok(verdict)))
                .boxed(),
        })
        .boxed()
}
