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
//! The conversation is straight code again, as in the servers that block: greet, read, answer, repeat. The
//! compiler turns it into the state machine that an event loop keeps by hand, and the runtime is the
//! event loop. A task that waits takes less than a kilobyte and no thread.
//!
//! ```sh
//! cargo run --release -p server-tokio                         # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for many connections on several processors, and where the libraries that you need are
//! async already. **Do not** for a handful of clients, where threads are simpler and as fast, nor for long
//! computations inside a task: they hold up every task of their worker.

mod acceptor;
mod client;
mod heart;
mod runtime;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use chassis::{Knob, Options, Shutdown, Summary};
use sockets::tasks::Tasks;

use acceptor::Acceptor;
use client::Client;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Runtime];

/// Serves all clients on tokio's threads until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let runtime = runtime::build(options)?;
    let tasks = Arc::new(Tasks::new(options));
    // Accepting is a task like any other: on a worker, it starts a client without waking a second thread.
    let accepting = runtime.spawn(accept_all(listener, Arc::clone(&tasks), shutdown.clone()));
    let ended = runtime.block_on(accepting).map_err(io::Error::other).and_then(|ended| ended);
    tasks.shared.counters.finish(ended)
}

/// Gives each client a task of its own until shutdown is requested, then drains them.
async fn accept_all(listener: TcpListener, tasks: Arc<Tasks>, shutdown: Shutdown) -> io::Result<()> {
    let mut acceptor = Acceptor::new(listener, &shutdown)?;
    let beating = tokio::spawn(heart::beat(Arc::clone(&tasks)));
    let ended = loop {
        match acceptor.next_client().await {
            Ok(Some(stream)) => {
                if let Some(place) = tasks.admit() {
                    // The model: a task for this client, and straight on to the next accept.
                    tokio::spawn(serve_client(Client::new(place), stream));
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(acceptor);
    beating.abort();
    heart::drain(&tasks).await;
    ended
}

/// One client's task. An error or a panic in it ends this client only.
///
/// Every waiting client pays for what stands in this future, and tokio rounds a task up to the next 128
/// bytes: it must stay at or below 152 to fit into 256.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
fn serve_client(mut client: Client, stream: TcpStream) -> impl Future<Output = ()> {
    async move {
        let result = converse(&mut client, stream).await;
        client.finish(&result);
    }
}

/// One client's conversation: greet, then while bytes come, answer them.
async fn converse(client: &mut Client, stream: TcpStream) -> io::Result<()> {
    client.greet(stream).await?;
    while let Some(chunk) = client.receive().await? {
        client.answer(chunk).await?;
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
