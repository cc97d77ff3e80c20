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
mod runtime;
mod server;
mod waiting;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chassis::{Knob, Options, Shutdown, Summary};
use protocol::Session;
use tokio::task;

use acceptor::{Acceptor, admit};
use client::Client;
use server::Server;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Runtime];

/// Serves all clients on tokio's threads until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let runtime = runtime::build(options)?;
    let server = Arc::new(Server::new(options));
    // Accepting is a task like any other: on a worker, it starts a client without waking a second thread.
    let accepting = runtime.spawn(accept_all(listener, Arc::clone(&server), shutdown.clone()));
    let ended = runtime.block_on(accepting).map_err(io::Error::other).and_then(|ended| ended);
    server.counters.finish(ended)
}

/// Gives each client a task of its own until shutdown is requested, then sees them off.
async fn accept_all(listener: TcpListener, server: Arc<Server>, shutdown: Shutdown) -> io::Result<()> {
    let mut acceptor = Acceptor::new(listener, &shutdown)?;
    let heart = tokio::spawn(Arc::clone(&server).beat());
    let ended = loop {
        match acceptor.next_client().await {
            Ok(Some(accepted)) => {
                if let Some(client) = admit(accepted, &server) {
                    // The model: a task for this client, and straight on to the next accept.
                    tokio::spawn(serve_client(client));
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(acceptor);
    heart.abort();
    server.drain().await;
    ended
}

/// One client's task. An error or a panic in it ends this client only.
///
/// Every waiting client pays for what stands in this future, and tokio rounds a task up to the next 128
/// bytes: it must stay at or below 152 to fit into 256.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps the client twice, as argument and as variable"
)]
fn serve_client(mut client: Client) -> impl Future<Output = ()> {
    async move {
        let result = converse(&mut client).await;
        client.finish(result).await;
    }
}

/// One client's conversation: answer each read by one write until the client is done.
async fn converse(client: &mut Client) -> io::Result<()> {
    let mut session = Session::new();
    loop {
        // Only a client that reads slowly has a tail, and while it has one, nothing is read from it.
        client.send_tail().await?;
        let received = match poll_fn(|context| poll_turn(context, client, &mut session)).await? {
            0 => return Ok(()),
            received => received,
        };
        if received == BUFFER_SIZE {
            // There may be more to read, but the other tasks come first.
            task::yield_now().await;
        }
    }
}

/// The receive buffer's size is what a client may have answered before other tasks get their turn. It is also
/// the most that one may leave untaken: with what the allocator adds, a client that does not read then holds
/// less than 64 KiB.
const BUFFER_SIZE: usize = 48 * 1024;

thread_local! {
    /// One buffer for each worker thread, and none for a waiting task: a buffer that lived across an
    /// `await` would be a part of every task.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER_SIZE].into_boxed_slice());
}

/// Waits for bytes, transforms them in place and sends the reply at once, however many messages it
/// holds. Says how many bytes came; 0 is the end of the stream.
fn poll_turn(
    context: &mut Context<'_>,
    client: &mut Client,
    session: &mut Session,
) -> Poll<io::Result<usize>> {
    BUFFER.with_borrow_mut(|buffer| {
        let received = ready!(client.poll_receive(context, buffer))?;
        client.options().panic_if_asked(&buffer[..received]);
        let reply = session.transform_in_place(&mut buffer[..received]);
        client.send(&buffer[..reply], session.in_frame())?;
        Poll::Ready(Ok(received))
    })
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_client_fits_into_a_task_of_256_bytes() {
        fn size_of_future<F>(_: impl Fn(Client) -> F) -> usize {
            size_of::<F>()
        }
        // Debug builds of the standard library and tokio carry fields for their own checks.
        let most = if cfg!(debug_assertions) { 168 } else { 152 };
        let size = size_of_future(serve_client);
        assert!(size <= most, "a client takes {size} bytes of its task, more than {most}");
    }
}
