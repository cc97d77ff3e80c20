//! What each task does with its client: greet, receive, answer, send the rest; and how that is kept cheap.
//!
//! - **Buffers.** No task has one while it waits: a [`Chunk`] is lent, and given back before.
//! - **Readiness.** After a short read the socket is empty, and tokio learns it from here; asking the kernel would cost a
//!   call for each message. But a read stops at an urgent byte, which an `AsyncFd` reports, tokio's `TcpStream` does not.
//! - **Timeouts and shutdown.** No timer and no `select!`: the heartbeat wakes the task now and then ([`Place`]).

mod work;

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::TcpStream;
use std::task::{Context, Poll, ready};

use conversation::{Conversation, Echo, Service};
use sockets::now;
use sockets::ready::{BUFFER_SIZE, Exchange, Receipt, Sending, Turn};
use sockets::tasks::{Chunk, Place};
use tracing::debug;

use crate::socket::{INTERESTS, Socket, receive, watch, yield_now};

/// One client, owned by its task.
#[derive(Debug)]
pub struct Client<S: Service = Echo> {
    /// Dropped before the socket: when the client sees the end, its place is free.
    place: Place,
    conversation: Conversation<S>,
    socket: Option<Socket>,
    /// Work that came with the end of the stream, and that nobody has [taken](Client::next_work).
    work: Option<S::Work>,
}

impl<S: Service> Client<S> {
    /// Has said nothing yet.
    pub(crate) fn new(place: Place) -> Client<S> {
        let conversation = Conversation::of(S::begin(&place.shared().options), now());
        Client { place, conversation, socket: None, work: None }
    }

    /// Sends the greeting, and only then registers the socket: a new one has room for a byte.
    ///
    /// # Errors
    /// The connection has failed, or the runtime cannot wait for its socket.
    pub fn greet(&mut self, stream: TcpStream) -> io::Result<()> {
        let (conversation, shared) = (&mut self.conversation, self.place.shared());
        Exchange { conversation, wire: &stream, shared }.greet()?;
        self.socket = Some(watch(stream, INTERESTS)?);
        Ok(())
    }

    /// Waits for bytes from the client; `None` when there will be no more.
    ///
    /// # Errors
    /// The connection has failed, or a timeout or the drain has ended it.
    pub fn receive(&mut self) -> impl Future<Output = io::Result<Option<Chunk>>> {
        poll_fn(|context| self.poll_receive(context))
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Chunk>>> {
        if mem::take(&mut self.place.must_yield) {
            return yield_now(context);
        }
        let ended = loop {
            ready!(self.poll_send_rest(context))?;
            let mut exchange = self.exchange()?;
            // Before it waits: the end may need nothing from the client.
            if let Some(ended @ Receipt::End(_)) = exchange.advance() {
                break ended;
            }
            let mut ready = ready!(exchange.wire.poll_read_ready(context))?;
            let mut chunk = Chunk::new();
            match receive(&mut exchange, &mut chunk.room()[..BUFFER_SIZE.min(S::MOST_AT_ONCE)])? {
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
                ended @ (Receipt::Work(_) | Receipt::End(_)) => break ended,
            }
        };
        match ended {
            Receipt::End(outcome) => self.place.outcome = Some(outcome),
            Receipt::Work(work) => self.work = Some(work),
            _ => {}
        }
        Poll::Ready(Ok(None))
    }

    /// Answers what has come: one `send`, which does not wait. The buffer is given back.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn answer(&mut self, mut chunk: Chunk) -> io::Result<()> {
        self.exchange()?.answer(chunk.bytes()).map(drop)
    }

    /// Waits until the client has taken what did not fit.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn send_rest(&mut self) -> impl Future<Output = io::Result<()>> {
        poll_fn(|context| self.poll_send_rest(context))
    }

    /// Takes the look that is due, if one is, and waits until the client has taken what did not fit.
    fn poll_send_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.look(context)?;
            // To be asked after the look, which sends what the kernel takes and reports no room for.
            if self.conversation.unsent().is_empty() {
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

    fn look(&mut self, context: &Context<'_>) -> io::Result<()> {
        let socket = self.socket.as_ref().ok_or(ErrorKind::NotConnected)?;
        look(&mut self.place, &mut self.conversation, socket, context)
    }

    fn exchange(&mut self) -> io::Result<Exchange<'_, Socket, S>> {
        let wire = self.socket.as_ref().ok_or(ErrorKind::NotConnected)?;
        Ok(Exchange { conversation: &mut self.conversation, wire, shared: self.place.shared() })
    }

    /// Notes how the conversation ended, unless that is known.
    pub fn finish(&mut self, result: &io::Result<()>) {
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// Notes that this error has ended the conversation, unless it is known how it ended.
    pub fn fail(&mut self, error: &io::Error) {
        if self.place.outcome.is_none() {
            debug!(%error, "connection ended");
            self.place.outcome = Some(self.conversation.failed());
        }
    }
}

/// After a heartbeat, looks at the clock and at the drain; an error if they end the conversation.
fn look<S: Service>(
    place: &mut Place,
    conversation: &mut Conversation<S>,
    wire: &Socket,
    context: &Context<'_>,
) -> io::Result<()> {
    let Some(moment) = place.feel_beat(context) else { return Ok(()) };
    let shared = place.shared();
    let Turn::End(outcome) = Exchange { conversation, wire, shared }.look(&moment) else { return Ok(()) };
    place.outcome = Some(outcome);
    Err(ErrorKind::ConnectionAborted.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use chassis::{Options, Timeout};
    use sockets::tasks::Tasks;

    use super::*;

    /// A client that reads nothing, until its connection is full and a part of its reply waits.
    fn full(tasks: &Arc<Tasks>) -> (Client<Echo>, TcpStream) {
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
}
