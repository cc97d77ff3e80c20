//! # prime-async-inline: a task for each client, which also computes
//!
//! ```text
//!  clients           tasks                                  worker threads, one for each processor
//!
//!  A ────▶ [ converse with A: TEST THE NUMBER ] ────────▶ [ computes for A, and runs nobody else ]
//!  B ────▶ [ converse with B: TEST THE NUMBER ] ────────▶ [ computes for B, and runs nobody else ]
//!  C ────▶ [ converse with C ]  ready, and waits for a thread
//! ```
//!
//! The mistake that is easiest to make with async, made on purpose: nothing in the code shows it, and with one client it
//! cannot be seen. A task gives its thread back only where it awaits something that is not there yet. One that computes
//! awaits nothing, and so takes its thread from all others: on two processors two big numbers stall the whole server, as one
//! stalls prime-inline. What stands in the queue of a busy worker others may steal, but nobody can interrupt it. One big
//! number is enough if the other threads sleep when its task begins: all share one poller, and none is woken to look at it.
//!
//! Even so it must not be deaf. About once a millisecond it leaves the test for a look: has the client left, is the
//! server to stop, is a timeout over? To yield in these pauses would let the others in, and be a scheduler by hand.
//!
//! ```sh
//! cargo run --release -p prime-async-inline                   # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! for i in 1 2; do echo 100000000000000003 | nc -N 127.0.0.1 9090 & done; time (echo 7 | nc -N 127.0.0.1 9090)
//! ```
//!
//! **Choose it** if every request is cheap, microseconds at most, for certain. **Do not** if a single client can ask for
//! something that is not: `prime-async` and `prime-rayon` differ from it by where
//! `compute` runs.

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
use tokio::task;
use tokio_sockets::{Arrivals, Client, runtime};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Workers, Knob::Cache];

/// Where verdicts come from, and what may end the search for one.
struct Verdicts {
    cache: Option<Cache>,
    shutdown: Shutdown,
}

/// Serves all clients on tokio's threads, and computes on them, until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let workers = options.workers_or(thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let runtime = runtime::multi_thread(workers)?;
    let verdicts = Verdicts { cache: Cache::of(options), shutdown: shutdown.clone() };
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

/// Each number: look it up; on a miss compute, and store; answer.
async fn work(client: &mut Client<Primes>, verdicts: &Verdicts) -> io::Result<()> {
    while let Some(test) = client.next_work().await? {
        let (number, cache) = (test.number(), verdicts.cache.as_ref());
        let known = if let Some(cache) = cache { client.wait_for(cache.get(number)).await? } else { None };
        let verdict = if let Some(verdict) = known {
            verdict
        } else {
            let verdict = compute(client, test, &verdicts.shutdown).await?;
            if let Some(cache) = cache {
                client.wait_for(cache.store(number, verdict)).await?;
            }
            verdict
        };
        client.resume(verdict)?;
        // However many numbers this client has sent, the others come in between.
        task::yield_now().await;
    }
    Ok(())
}

/// The model: tests the number right here. It is marked `async`, and waits for nothing.
async fn compute(client: &mut Client<Primes>, mut test: Test, shutdown: &Shutdown) -> io::Result<Verdict> {
    loop {
        match test.go_on() {
            Some(verdict) => return Ok(verdict),
            None => client.expect_present(shutdown).await?,
        }
    }
}
