//! What each task does with its client's socket: receive, send, take leave.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read};
use std::net::Shutdown as Direction;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chassis::{DrainStep, Options, Outcome, Progress, Tail, Tick};
use protocol::GREETING;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tracing::debug;

use crate::server::Place;
use crate::waiting::Waiting;

/// One client, owned by its task.
pub(crate) struct Client {
    /// Dropped before the stream: when the client sees the end, its place is free.
    pub(crate) place: Place,
    pub(crate) stream: TcpStream,
    /// What the client did not take of its last reply yet.
    pub(crate) tail: Tail,
    pub(crate) last_activity: Tick,
    pub(crate) progress: Progress,
    pub(crate) in_message: bool,
    pub(crate) lingers: bool,
    outcome: Outcome,
}

impl Client {
    pub(crate) fn new(stream: TcpStream, place: Place) -> Client {
        let now = Tick::now();
        Client {
            stream,
            place,
            tail: Tail::default(),
            last_activity: now,
            progress: Progress::new(now),
            in_message: false,
            lingers: false,
            // What a task that panics leaves behind.
            outcome: Outcome::Error,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.place.server.options
    }

    /// Waits for bytes from the client; 0 when there will be no more, or when the drain says so.
    ///
    /// Unlike `try_read`, `poll_read` knows that a short read has emptied the socket, and so saves asking the
    /// kernel once more for each message.
    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // A client that never falls quiet never makes this task wait: it must be told here.
        if self.is_stopped() {
            return Poll::Ready(Ok(0));
        }
        loop {
            match self.poll_read(context, buffer) {
                Poll::Ready(Ok(received)) => {
                    self.last_activity = Tick::now();
                    self.progress.moved(received, self.last_activity);
                    return Poll::Ready(Ok(received));
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.poll_heartbeat(context, Waiting::ToReceive).map_ok(|()| 0),
            }
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let room = ready!(self.options().poll_before_read(context, &self.stream, buffer))?;
        let mut read = ReadBuf::new(room);
        match Pin::new(&mut self.stream).poll_read(context, &mut read) {
            Poll::Ready(done) => Poll::Ready(done.map(|()| read.filled().len())),
            Poll::Pending if self.is_overlooked() => Poll::Ready((&*SockRef::from(&self.stream)).read(room)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Sends a reply without waiting, and keeps what does not fit. Says whether the client is in the middle of
    /// a message: then it must get on with it.
    pub(crate) fn send(&mut self, reply: &[u8], in_message: bool) -> io::Result<()> {
        self.in_message = in_message;
        if reply.is_empty() {
            self.rest_unless_begun();
            return Ok(());
        }
        let try_write = || self.options().before_write(reply).and_then(|reply| self.stream.try_write(reply));
        self.keep_unsent(reply, uninterrupted(try_write))
    }

    /// The greeting goes straight to the socket, which is new and has room for a byte: tokio would first wait to be
    /// told so, which is a turn of the runtime for nothing. Should the system be short of memory for that byte, it
    /// waits like any reply.
    pub(crate) fn greet(&mut self) -> io::Result<()> {
        let sent = uninterrupted(|| SockRef::from(&self.stream).send(&[GREETING]));
        self.keep_unsent(&[GREETING], sent)
    }

    fn keep_unsent(&mut self, reply: &[u8], sent: io::Result<usize>) -> io::Result<()> {
        let sent = match sent {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        self.tail.keep(&reply[sent..]);
        self.has_sent(sent);
        self.rest_unless_begun();
        Ok(())
    }

    pub(crate) fn rest_unless_begun(&mut self) {
        if self.tail.is_empty() && !self.in_message {
            self.progress.rest();
        }
    }

    pub(crate) fn has_sent(&mut self, sent: usize) {
        self.last_activity = Tick::now();
        self.progress.moved(sent, self.last_activity);
        self.place.server.counters.answer(sent as u64);
    }

    /// Waits until the client has taken what did not fit.
    pub(crate) fn send_tail(&mut self) -> impl Future<Output = io::Result<()>> {
        poll_fn(|context| {
            while !self.tail.is_empty() {
                match self.poll_write(context) {
                    Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                    Poll::Ready(sent) => {
                        let sent = sent?;
                        self.tail.took(sent);
                        self.has_sent(sent);
                    }
                    Poll::Pending => return self.poll_heartbeat(context, Waiting::ToSend),
                }
            }
            self.rest_unless_begun();
            Poll::Ready(Ok(()))
        })
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let options = &self.place.server.options;
        let tail = ready!(options.poll_before_write(context, self.tail.rest()))?;
        Pin::new(&mut self.stream).poll_write(context, tail)
    }

    /// Notes how the conversation ended and takes leave of the client.
    pub(crate) async fn finish(&mut self, result: io::Result<()>) {
        self.outcome = match &result {
            Ok(()) if self.step() == (DrainStep::Cut { owed: true }) => Outcome::Dropped,
            Ok(()) => Outcome::Completed,
            // With an errno it is not a timeout of ours: the kernel has given the client up.
            Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                Outcome::TimedOut
            }
            Err(_) if matches!(self.step(), DrainStep::Cut { .. }) => Outcome::Dropped,
            Err(_) => Outcome::Error,
        };
        match result {
            Ok(()) if self.lingers => self.linger().await,
            Ok(()) => {}
            Err(error) => debug!(%error, outcome = ?self.outcome, "connection ended"),
        }
    }

    /// Lingering close, when the drain has ended the conversation: a FIN, and what the client still sends
    /// is thrown away until it closes, too, or the deadline comes.
    async fn linger(&mut self) {
        if SockRef::from(&self.stream).shutdown(Direction::Write).is_ok() {
            // The buffer lives within one poll, so that no task keeps it.
            while let Ok(1..) = poll_fn(|context| self.poll_receive(context, &mut [0; 4096])).await {}
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.place.server.counters.close(self.outcome);
    }
}

/// Makes a call again that a signal has interrupted.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
