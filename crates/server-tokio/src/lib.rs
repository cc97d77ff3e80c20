//! # tokio: a task for each client
//!
//! ```text
//!  clients           tasks                              runtime
//!
//!  A ────▶ [ converse with A ]  waiting ─────┐      ┌───────────────────────┐
//!  B ────▶ [ converse with B ]  ready ───────┼────▶ │ one worker thread per │
//!  C ────▶ [ converse with C ]  waiting ─────┘      │ processor, one epoll  │
//!                                                   └───────────────────────┘
//! ```
//!
//! The conversation is straight code again, as in the servers that block: greet, receive, answer, send the rest.
//! The compiler keeps the state: it turns the code into the state machine that the model futures writes by hand, and
//! the runtime is the event loop. A task that waits takes less than a kilobyte and no thread.
//!
//! Workers steal tasks from each other. `--runtime current-thread` has one thread for all, `--runtime per-core` one for
//! each core, with a listening socket of its own, and none helps another.
//!
//! ```sh
//! cargo run --release -p server-tokio                         # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for many connections on several processors, and where the libraries that you need are
//! async already. **Do not** for a handful of clients, where threads are simpler and as fast, nor for long
//! computations inside a task: they hold up every task of their worker.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use chassis::{Knob, Options, Runtime as Kind, Shutdown, Summary};
use sockets::shards;
use sockets::tasks::Tasks;
use tokio::runtime::Runtime;
use tokio_sockets::{Arrivals, Client, runtime};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Runtime];

/// Serves all clients on tokio's threads until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let workers = options.workers_or(thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let loops = if options.runtime == Some(Kind::PerCore) { workers } else { 1 };
    let tasks = Arc::new(Tasks::for_loops(options, loops));
    let build = |runtime: Runtime, listener| {
        Ok((runtime.block_on(async { Arrivals::new(listener, &tasks, shutdown) })?, runtime))
    };
    // Accepting is a task like any other: on a worker, it starts a client without waking a second thread.
    let serve = |(arrivals, runtime): (Arrivals, Runtime)| {
        let accepting = runtime.spawn(accept_all(arrivals));
        runtime.block_on(accepting).map_err(io::Error::other)?
    };
    let ended = match options.runtime.unwrap_or(Kind::MultiThread) {
        Kind::MultiThread => serve(build(runtime::multi_thread(workers)?, listener)?),
        Kind::CurrentThread => serve(build(runtime::current_thread()?, listener)?),
        Kind::PerCore => {
            // Clients that the first loop accepts leave no descriptors for what the last one has not made yet.
            let build = |listener| build(runtime::current_thread()?, listener);
            shards::run(listener, workers, shutdown, build, serve)
        }
    };
    tasks.shared.counters.finish(ended)
}

/// Gives each client a task of its own until shutdown is requested, then drains them.
async fn accept_all(mut arrivals: Arrivals) -> io::Result<()> {
    while let Some((client, stream)) = arrivals.next_client().await {
        // The model: a task for this client, and straight on to the next accept.
        tokio::spawn(serve_client(client, stream));
    }
    arrivals.drain().await
}

/// One client's task. An error or a panic in it ends this client only.
///
/// Every waiting client pays for this future, and tokio rounds a task up to the next 128 bytes: 152 fit into 256.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
fn serve_client(mut client: Client, stream: TcpStream) -> impl Future<Output = ()> {
    async move {
        let result = converse(&mut client, stream).await;
        client.finish(&result);
    }
}

/// One client's conversation: greet, then while bytes come, answer them, and send what did not fit.
async fn converse(client: &mut Client, stream: TcpStream) -> io::Result<()> {
    client.greet(stream)?;
    while let Some(chunk) = client.receive().await? {
        client.answer(chunk)?;
        client.send_rest().await?;
    }
    Ok(())
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_client_fits_into_a_task_of_256_bytes() {
        fn size_of_future<F>(_: impl Fn(Client, TcpStream) -> F) -> usize {
            size_of::<F>()
        }
        // Debug builds of the standard library and tokio carry fields for their own checks.
        let most = if cfg!(debug_assertions) { 168 } else { 152 };
        let size = size_of_future(serve_client);
        assert!(size <= most, "a client takes {size} bytes of its task, more than {most}");
    }
}
