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
//! event loop. A task that waits is a few hundred bytes on the heap and no thread.
//!
//! ```sh
//! cargo run --release -p server-tokio                         # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for many connections on several processors, and where the libraries that you need are
//! async already. **Do not** for a handful of clients, where threads are simpler and as fast, nor for long
//! computations inside a task: they hold up every task of their worker.

mod client;

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chassis::{AcceptPolicy, AcceptStep, Knob, Options, Outcome, Runtime, Shutdown, Summary};
use protocol::{GREETING, Session};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Builder;
use tokio::{select, task, time};
use tracing::debug;

use client::{Client, Server};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers, Knob::Runtime];

/// Serves all clients on tokio's threads until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the runtime cannot be built.
pub fn serve(listener: net::TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut builder = match options.runtime {
        Some(Runtime::CurrentThread) => Builder::new_current_thread(),
        Some(Runtime::MultiThread) | None => Builder::new_multi_thread(),
    };
    if let Some(workers) = options.workers {
        builder.worker_threads(workers.get());
    }
    let runtime = builder.enable_all().build()?;
    let server = Arc::new(Server::new(options));
    // Accepting is a task like any other: on a worker, it starts a client without waking a second thread.
    let accepting = runtime.spawn(accept_all(listener, Arc::clone(&server), shutdown.clone()));
    runtime.block_on(accepting).map_err(io::Error::other)??;
    Ok(server.counters.summary())
}

/// Gives each client a task of its own until shutdown is requested, then sees them off.
async fn accept_all(listener: net::TcpListener, server: Arc<Server>, shutdown: Shutdown) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let shutdown = UnixStream::from_std(shutdown.to_stream()?)?;
    let heart = tokio::spawn(Arc::clone(&server).beat());
    let mut policy = AcceptPolicy::new();
    let ended = loop {
        let accepted = select! {
            _ = shutdown.readable() => break Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                policy.succeeded();
                server.counters.accept();
                match greet(stream, &server) {
                    // The model: a task for this client, and straight on to the next accept.
                    Ok(Some(client)) => drop(tokio::spawn(serve_client(client))),
                    Ok(None) => server.counters.close(Outcome::Rejected),
                    Err(error) => {
                        debug!(%peer, %error, "cannot greet a client");
                        server.counters.close(Outcome::Error);
                    }
                }
            }
            Err(error) => match policy.judge(&error) {
                Ok(AcceptStep::Wait | AcceptStep::Retry) => {}
                Ok(AcceptStep::Pause(pause)) => time::sleep(pause).await,
                Err(error) => break Err(error),
            },
        }
    };
    drop(listener);
    heart.abort();
    server.drain().await;
    ended
}

/// Greets a client, unless the server is full. The greeting goes straight to the socket, which is new and
/// has room for a byte: tokio would first wait to be told so, which is a turn of the runtime for nothing.
fn greet(stream: TcpStream, server: &Arc<Server>) -> io::Result<Option<Client>> {
    let Some(place) = server.take_place() else { return Ok(None) };
    SockRef::from(&stream).send(&[GREETING])?;
    server.counters.answer(1);
    Ok(Some(Client::new(stream, place)))
}

/// Runs one client's task. An error or a panic in it ends this client only.
async fn serve_client(mut client: Client) {
    let result = converse(&mut client).await;
    if result.is_ok() {
        client.linger().await;
    }
    client.finish(result);
}

/// One client's conversation: answer each read by one write until the client is done.
async fn converse(client: &mut Client) -> io::Result<()> {
    let mut session = Session::new();
    loop {
        let answer = client.receive(|context, stream| poll_answer(context, stream, &mut session)).await?;
        let Some(Answer { sent, mut tail, filled_the_buffer }) = answer else { return Ok(()) };
        client.has_taken(sent);
        // Only a client that reads slowly has a tail, and while it has one, nothing is read from it.
        while !tail.is_empty() {
            let sent = client.send(|context, stream| Pin::new(stream).poll_write(context, &tail)).await?;
            client.has_taken(sent);
            tail.drain(..sent);
        }
        if filled_the_buffer {
            // There is more to read, but the other tasks come first.
            task::yield_now().await;
        }
    }
}

/// What one turn did for a client.
struct Answer {
    sent: usize,
    tail: Vec<u8>,
    filled_the_buffer: bool,
}

/// The receive buffer's size is what a client may have answered before other tasks get their turn.
const BUFFER_SIZE: usize = 64 * 1024;

thread_local! {
    /// One buffer for each worker thread, and none for a waiting task: a buffer that lived across an
    /// `await` would be a part of every task.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER_SIZE].into_boxed_slice());
}

/// Waits for bytes, transforms them in place and sends the reply at once, however many messages it
/// holds. `None` is the end of the stream.
fn poll_answer(
    context: &mut Context<'_>,
    stream: &mut TcpStream,
    session: &mut Session,
) -> Poll<io::Result<Option<Answer>>> {
    BUFFER.with_borrow_mut(|buffer| {
        let mut read = ReadBuf::new(buffer);
        // Unlike `try_read`, this knows that a short read has emptied the socket, and so saves asking
        // the kernel once more for each message.
        ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
        let filled_the_buffer = read.remaining() == 0;
        let received = read.filled_mut();
        if received.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let length = session.transform_in_place(received);
        let reply = &received[..length];
        let sent = match stream.try_write(reply) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        Poll::Ready(Ok(Some(Answer { sent, tail: reply[sent..].to_vec(), filled_the_buffer })))
    })
}
