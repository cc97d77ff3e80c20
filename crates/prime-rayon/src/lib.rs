//! # prime-rayon: a task for each client, and rayon for the work
//!
//! ```text
//!  clients           tasks, on a few threads                     rayon: N threads that compute
//!
//!  A ────▶ [ converse with A ]  waits for clients and  ── spawn ──▶ ┌───────────┐ ──▶ [ test ]
//!  B ────▶ [ converse with B ]  cache, never computes               │ its queue │ ──▶ [ test ]
//!  C ────▶ [ converse with C ]  ◀─── a oneshot for each verdict ─── └───────────┘ ──▶ …
//! ```
//!
//! rayon at what it is for. As a pool for connections (the model `rayon` of the echo service) its threads wait; here they
//! only compute, and one for each processor is enough. The other side only waits. What joins them is a oneshot channel: the
//! task awaits it, and the thread that computes sees at the end of each slice whether anybody still does.
//!
//! rayon's own queue has no bound, so that a semaphore stands before it.
//!
//! ```sh
//! cargo run --release -p prime-rayon                          # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! echo 100000000000000003 | nc -N 127.0.0.1 9090 & time (echo 7 | nc -N 127.0.0.1 9090)    # 7 does not wait
//! ```
//!
//! **Choose it** for requests that compute, above all if one of them can be split over several processors: a test that used
//! rayon's iterators would need nothing more. **Do not** if the work blocks: on a disk, a lock or another service.

mod pool;

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
use tokio_sockets::{Arrivals, Client, runtime};

use pool::Pool;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Workers, Knob::Cache];

/// As many as in prime-queue.
const DEFAULT_WORKERS: usize = 4;

/// Where verdicts come from.
struct Verdicts {
    cache: Option<Cache>,
    pool: Pool,
}

/// Serves all clients on tokio's threads, and computes on rayon's, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime or the pool cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let workers = options.workers_or(DEFAULT_WORKERS);
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let runtime = runtime::multi_thread(processors)?;
    let verdicts = Verdicts { cache: Cache::of(options), pool: Pool::new(workers)? };
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
async fn converse(client: &mut Client<Primes>, stream: TcpStream, verdicts: &Verdicts) -> io::Result<()> {
    client.greet(stream)?;
    while let Some(chunk) = client.receive().await? {
        client.answer(chunk)?;
        work(client, verdicts).await?;
    }
    // Its last line may have ended with the stream.
    work(client, verdicts).await
}

/// The model: what a number needs is awaited. If the client leaves meanwhile, all of it is dropped.
async fn work(client: &mut Client<Primes>, verdicts: &Verdicts) -> io::Result<()> {
    while let Some(test) = client.next_work().await? {
        let verdict = client.wait_for(verdicts.about(test)).await??;
        client.resume(verdict)?;
    }
    Ok(())
}

impl Verdicts {
    /// The steps: look up; on a miss compute, and store.
    async fn about(&self, test: Test) -> io::Result<Verdict> {
        let number = test.number();
        let Some(cache) = &self.cache else { return self.pool.compute(test).await };
        if let Some(verdict) = cache.get(number).await {
            return Ok(verdict);
        }
        let verdict = self.pool.compute(test).await?;
        cache.store(number, verdict).await;
        Ok(verdict)
    }
}
