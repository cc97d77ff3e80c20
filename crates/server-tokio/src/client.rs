//! What each task does with its client: greet, receive, answer, send the rest; and how that is kept cheap.
//!
//! - **Buffers.** No task has one while it waits: a [`Chunk`] is lent, and given back before.
//! - **Readiness.** After a short read the socket is empty, and tokio learns it from here; asking the kernel would cost a
//!   call for each message. But a read stops at an urgent byte, which an `AsyncFd` reports, tokio's `TcpStream` does not.
//! - **Timeouts and shutdown.** No timer and no `select!`: the heartbeat wakes the task now and then ([`Place`]).

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll, ready};

use conversation::Conversation;
use sockets::now;
use sockets::ready::{Exchange, Receipt, Sending, Turn};
use sockets::tasks::{Chunk, Place};
use tokio::io::{Interest, unix::AsyncFd};
use tracing::debug;

type Socket = AsyncFd<TcpStream>;

/// One client, owned by its task.
pub(crate) struct Client {
    /// Dropped before the socket: when the client sees the end, its place is free.
    place: Place,
    conversation: Conversation,
    socket: Option<Socket>,
}

impl Client {
    pub(crate) fn new(place: Place) -> Client {
        Client { place, conversation: Conversation::new(now()), socket: None }
    }

    /// Sends the greeting, and only then registers the socket: a new one has room for a byte.
    pub(crate) fn greet(&mut self, stream: TcpStream) -> io::Result<()> {
        let (conversation, shared) = (&mut self.conversation, self.place.shared());
        Exchange { conversation, wire: &stream, shared }.greet()?;
        self.socket = Some(watch(stream, INTERESTS)?);
        Ok(())
    }

    /// Waits for bytes from the client; `None` when there will be no more.
    pub(crate) fn receive(&mut self) -> impl Future<Output = io::Result<Option<Chunk>>> {
        poll_fn(|context| self.poll_receive(context))
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Chunk>>> {
        if mem::take(&mut self.place.must_yield) {
            return yield_now(context);
        }
        let outcome = loop {
            ready!(self.poll_send_rest(context))?;
            let mut exchange = self.exchange()?;
            // Before it waits: the end may need nothing from the client.
            if let Some(Receipt::End(outcome)) = exchange.advance() {
                break outcome;
            }
            let mut ready = ready!(exchange.wire.poll_read_ready(context))?;
            let mut chunk = Chunk::new();
            match receive(&mut exchange, chunk.room())? {
                Receipt::Chunk { length, filled } => {
                    if !exchange.conversation.may_read_on(filled) {
                        ready.clear_ready();
                    }
                    self.place.must_yield = filled;
                    chunk.came(length);
                    return Poll::Ready(Ok(Some(chunk)));
                }
                Receipt::Nothing => ready.clear_ready(),
                Receipt::Refused => return yield_now(context),
                Receipt::End(outcome) => break outcome,
            }
        };
        self.place.outcome = Some(outcome);
        Poll::Ready(Ok(None))
    }

    /// Answers what has come: one `send`, which does not wait. The buffer is given back.
    pub(crate) fn answer(&mut self, mut chunk: Chunk) -> io::Result<()> {
        self.exchange()?.answer(chunk.bytes()).map(drop)
    }

    /// Waits until the client has taken what did not fit.
    pub(crate) fn send_rest(&mut self) -> impl Future<Output = io::Result<()>> {
        poll_fn(|context| self.poll_send_rest(context))
    }

    /// Takes the look that is due, if one is, and waits until the client has taken what did not fit.
    fn poll_send_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.look(context)?;
            // To be asked after the look, which sends what the kernel takes and reports no room for.
            if !self.conversation.owes() {
                return Poll::Ready(Ok(()));
            }
            let mut exchange = self.exchange()?;
            let mut ready = ready!(exchange.wire.poll_write_ready(context))?;
            match exchange.send_rest()? {
                Sending::Done => {}
                Sending::Blocked => ready.clear_ready(),
                Sending::Refused => return yield_now(context),
            }
        }
    }

    /// After a heartbeat, looks at the clock and at the drain; an error if they end the conversation.
    fn look(&mut self, context: &Context<'_>) -> io::Result<()> {
        let Some(moment) = self.place.feel_beat(context) else { return Ok(()) };
        let Turn::End(outcome) = self.exchange()?.look(&moment) else { return Ok(()) };
        self.place.outcome = Some(outcome);
        Err(ErrorKind::ConnectionAborted.into())
    }

    fn exchange(&mut self) -> io::Result<Exchange<'_, Socket>> {
        let wire = self.socket.as_ref().ok_or(ErrorKind::NotConnected)?;
        Ok(Exchange { conversation: &mut self.conversation, wire, shared: self.place.shared() })
    }

    /// Notes how the conversation ended, unless that is known.
    pub(crate) fn finish(&mut self, result: &io::Result<()>) {
        if let (None, Err(error)) = (self.place.outcome, result) {
            debug!(%error, "connection ended");
            self.place.outcome = Some(self.conversation.failed());
        }
    }
}

#[expect(deprecated, reason = "its successor is unsafe; these sockets keep their descriptor while they live")]
pub(crate) fn watch<T: AsRawFd + Into<OwnedFd>>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// Yields until the runtime has polled for events. A task that wakes itself would run again before that.
fn yield_now<T>(context: &mut Context<'_>) -> Poll<T> {
    let _ = std::pin::pin!(tokio::task::yield_now()).poll(context);
    Poll::Pending
}

const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(URGENT);
/// What an urgent byte makes ready; elsewhere nothing that is not ready anyway.
#[cfg(target_os = "linux")]
const URGENT: Interest = Interest::PRIORITY;
#[cfg(not(target_os = "linux"))]
const URGENT: Interest = Interest::READABLE;

/// Reads once; a read stops at an urgent byte, and then there may be more.
fn receive(exchange: &mut Exchange<'_, Socket>, room: &mut [u8]) -> io::Result<Receipt> {
    let receipt = if_urgent(exchange.wire, || {
        exchange.conversation.expect_more();
        exchange.receive(room)
    });
    receipt.unwrap_or_else(|| exchange.receive(room))
}

/// Receives if an urgent byte was reported. If nothing is left, that report is cleared. One that comes during the read
/// stays: tokio clears only the state that it had seen.
fn if_urgent(socket: &Socket, receive: impl FnOnce() -> io::Result<Receipt>) -> Option<io::Result<Receipt>> {
    let mut received = None;
    if cfg!(target_os = "linux") {
        let _ = socket.try_io(URGENT, |_| match received.insert(receive()) {
            Ok(Receipt::Nothing) => Err(io::Error::from(ErrorKind::WouldBlock)),
            _ => Ok(()),
        });
    }
    received
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use chassis::{Options, Timeout};
    use sockets::ready::BUFFER_SIZE;
    use sockets::tasks::Tasks;

    use super::*;

    /// A client that reads nothing, until its connection is full and a part of its reply waits.
    fn full(tasks: &Arc<Tasks>) -> (Client, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut client = Client::new(tasks.admit().unwrap());
        client.greet(stream).unwrap();
        while client.conversation.unsent().is_empty() {
            let mut chunk = Chunk::new();
            chunk.room().fill(b'a');
            chunk.room()[0] = b'^';
            chunk.came(BUFFER_SIZE);
            client.answer(chunk).unwrap();
        }
        (client, reader)
    }

    #[tokio::test]
    async fn a_tail_that_a_look_has_sent_is_waited_for_no_more() {
        let idle_timeout = Timeout::after(Duration::from_millis(80));
        let tasks = Arc::new(Tasks::new(&Options { idle_timeout, ..Options::default() }));
        let (mut client, mut reader) = full(&tasks);
        // The runtime's poller has no turn in between, so nothing reports room.
        let sent = (0..1_000).find_map(|_| {
            reader.read_exact(&mut [0; 16 * 1024]).unwrap();
            thread::sleep(tasks.time_left().unwrap_or_default());
            tasks.beat();
            let mut context = Context::from_waker(std::task::Waker::noop());
            let sent = client.poll_send_rest(&mut context);
            client.conversation.unsent().is_empty().then_some(sent)
        });
        assert!(matches!(sent, Some(Poll::Ready(Ok(())))), "{sent:?}");
    }

    #[tokio::test]
    async fn who_has_more_to_do_lets_the_poller_report_the_others_first() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        sender.write_all(b"^").unwrap();
        let socket = watch(stream, INTERESTS).unwrap();
        let reported = tokio::spawn(async move { socket.readable().await.map(|_| ()) });
        let busy = tokio::spawn(async move {
            for _ in 0..10 {
                let mut has_yielded = false;
                poll_fn(|context| {
                    if mem::replace(&mut has_yielded, true) { Poll::Ready(()) } else { yield_now(context) }
                })
                .await;
            }
            reported.is_finished()
        });
        assert!(busy.await.unwrap(), "the other client was not reported in ten turns");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_urgent_byte_that_comes_while_nothing_was_found_is_not_forgotten() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let send_urgent = || socket2::SockRef::from(&sender).send_out_of_band(b"!").unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let socket = watch(stream, INTERESTS).unwrap();
        send_urgent();
        socket.ready(Interest::PRIORITY).await.unwrap().retain_ready();
        socket.readable().await.unwrap().clear_ready();

        // This thread does not run the poller: the worker reports what comes.
        let is_reported = |interest| socket.try_io(interest, |_| Ok(())).is_ok();
        let received = if_urgent(&socket, || {
            send_urgent();
            let ended = Instant::now() + Duration::from_secs(10);
            while !is_reported(Interest::READABLE) && Instant::now() < ended {
                thread::yield_now();
            }
            Ok(Receipt::Nothing)
        });
        assert!(matches!(received, Some(Ok(Receipt::Nothing))));
        assert!(is_reported(Interest::READABLE), "the worker has reported it");
        assert!(is_reported(URGENT), "and it still counts");
    }
}
