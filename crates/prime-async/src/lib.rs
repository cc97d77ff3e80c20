//! # prime-async: a task for each client, and blocking threads for the work
//!
//! ```text
//!  clients           tasks, on a few threads                       N blocking threads
//!
//!  A ────▶ [ converse with A: look up, ─── await ──┐   permits    ┌──▶ [ test A's number ]
//!  B ────▶ [ converse with B   compute, ── await ──┼─── 1 to N ───┼──▶ [ test B's number ]
//!  C ────▶ [ converse with C   store, answer ]     │              └──▶ …
//!                 ▲                                │
//!                 └────────── verdicts ────────────┘
//! ```
//!
//! The steps are straight code: look the number up, on a miss compute, store, answer. Where a thread would block, the task
//! awaits. What computes must not run in a task: it would hold up all others of its worker thread. `spawn_blocking` takes
//! it to threads that may block. tokio's own limit for them is hundreds; a semaphore of N permits bounds how many numbers are
//! tested at once, first come first served. A client that leaves drops its future, and with it its permit or its test.
//!
//! With `--single-flight` clients that ask for the same number wait for one test, and that stops once the last has left.
//!
//! ```sh
//! cargo run --release -p prime-async                          # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 does not wait
//! ```
//!
//! **Choose it** for many clients that mostly wait for other services, and now and then for some work, and where the
//! libraries that you need are async already. **Do not** if all you do is compute: a pool made for that does it with less, and not
//! for a handful of clients, where threads are simpler.

mod flights;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary};
use conversation::Primes;
use lookup::asynchronous::Cache;
use prime::{Test, Verdict};
use sockets::tasks::Tasks;
use tokio_sockets::{Arrivals, Client, Workers, runtime};

use flights::Flights;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Workers, Knob::Cache, Knob::SingleFlight];

/// As many as in prime-queue.
const DEFAULT_WORKERS: usize = 4;

/// Where verdicts come from.
struct Verdicts {
    cache: Option<Cache>,
    workers: Workers,
    /// With `--single-flight`.
    flights: Option<Flights>,
}

/// Serves all clients on tokio's threads, and computes on others, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let workers = options.workers_or(DEFAULT_WORKERS);
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let runtime = runtime::with_blocking_threads(processors, workers)?;
    let flights = options.single_flight.then(Flights::default);
    let verdicts = Verdicts { cache: Cache::of(options), workers: Workers::new(workers), flights };
    let tasks = Arc::new(Tasks::new(options));
    let arrivals = runtime.block_on(async { Arrivals::new(listener, &tasks, shutdown) })?;
    let accepting = runtime.spawn(accept_all(arrivals, Arc::new(verdicts)));
    let ended = runtime.block_on(accepting).map_err(io::Error::other)?;
    tasks.shared.counters.finish(ended)
}

/// Gives each client a task of its own until shutdown is requested, then drains them.
async fn accept_all(mut arrivals: Arrivals, verdicts: Arc<Verdicts>) -> io::Result<()> {
    while let Some((client, stream)) = arrivals.next_client().await {
        tokio::spawn(serve_client(client, stream, Arc::clone(&verdicts)));
    }
    arrivals.drain().await
}

/// One client's task. An error or a panic in it ends this client only.
async fn serve_client(mut client: Client<Primes>, stream: TcpStream, verdicts: Arc<Verdicts>) {
    let result = converse(&mut client, stream, &verdicts).await;
    client.finish(&result);
}

/// One client's conversation: greet, then while bytes come, answer them, number by number.
async fn converse(
    client: &mut Client<Primes>,
    stream: TcpStream,
    verdicts: &Arc<Verdicts>,
) -> io::Result<()> {
    client.greet(stream)?;
    while let Some(chunk) = client.receive().await? {
        client.answer(chunk)?;
        work(client, verdicts).await?;
    }
    // Its last line may have ended with the stream.
    work(client, verdicts).await
}

/// The model: what a number needs is awaited. If the client leaves meanwhile, all of it is dropped.
async fn work(client: &mut Client<Primes>, verdicts: &Arc<Verdicts>) -> io::Result<()> {
    while let Some(test) = client.next_work().await? {
        let verdict = client.wait_for(verdicts.about(test)).await??;
        client.resume(verdict)?;
    }
    Ok(())
}

impl Verdicts {
    /// Shared with others that ask for the same number, if that is asked for.
    async fn about(self: &Arc<Self>, test: Test) -> io::Result<Verdict> {
        let Some(flights) = &self.flights else { return self.find(test).await };
        let verdicts = Arc::clone(self);
        flights.share(test.number(), async move { verdicts.find(test).await }).await
    }

    /// The steps: look up; on a miss compute, and store.
    async fn find(&self, test: Test) -> io::Result<Verdict> {
        let number = test.number();
        let Some(cache) = &self.cache else { return self.workers.compute(test).await };
        if let Some(verdict) = cache.get(number).await {
            return Ok(verdict);
        }
        let verdict = self.workers.compute(test).await?;
        cache.store(number, verdict).await;
        Ok(verdict)
    }
}
