//! What each task keeps of its client beside the conversation: timeouts, drain, outcome.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::Shutdown as Direction;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chassis::{DrainStep, Options, Outcome, Progress, Tick, Timeout};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tracing::debug;

use crate::server::Place;

/// One client, owned by its task.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    place: Place,
    /// What the client did not take of its last reply yet.
    tail: Box<[u8]>,
    last_activity: Tick,
    progress: Progress,
    in_message: bool,
    lingers: bool,
    outcome: Outcome,
}

/// What a client is waited for.
#[derive(Clone, Copy)]
enum Waiting {
    ToReceive,
    ToSend,
}

impl Client {
    pub(crate) fn new(stream: TcpStream, place: Place) -> Client {
        let now = Tick::now();
        Client {
            stream,
            place,
            tail: Box::default(),
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

    fn poll_read(&mut self, context: &mut Context<'_>, mut buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(self.options().poll_before_read(context, &self.stream, &mut buffer))?;
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Whether the drain reads no more from this client, although it may have more to say.
    fn is_stopped(&mut self) -> bool {
        match self.step() {
            DrainStep::Cut => true,
            DrainStep::Linger => !std::mem::replace(&mut self.lingers, true),
            DrainStep::Answer | DrainStep::Close => false,
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
        let sent = match uninterrupted(try_write) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        self.tail = reply[sent..].into();
        self.has_sent(sent);
        self.rest_unless_begun();
        Ok(())
    }

    fn rest_unless_begun(&mut self) {
        if self.tail.is_empty() && !self.in_message {
            self.progress.rest();
        }
    }

    fn has_sent(&mut self, sent: usize) {
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
                        self.tail = self.tail[sent..].into();
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
        let tail = ready!(options.poll_before_write(context, &self.tail))?;
        Pin::new(&mut self.stream).poll_write(context, tail)
    }

    /// Notes how the conversation ended and takes leave of the client.
    pub(crate) async fn finish(&mut self, result: io::Result<()>) {
        self.outcome = match &result {
            Ok(()) => Outcome::Completed,
            // With an errno it is not a timeout of ours: the kernel has given the client up.
            Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                Outcome::TimedOut
            }
            Err(_) if self.step() == DrainStep::Cut => Outcome::Dropped,
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

    /// Pending as long as the client may be waited for.
    fn poll_heartbeat(&mut self, context: &mut Context<'_>, waiting: Waiting) -> Poll<io::Result<()>> {
        let server = &self.place.server;
        let beat = server.beats.load(Relaxed);
        let seen = std::mem::replace(&mut self.place.beat_seen, beat);
        if seen == 0
            && let Some(waker) = server.tasks().get_mut(self.place.key as usize)
        {
            waker.clone_from(context.waker());
        }
        if seen == 0 || seen == beat {
            return Poll::Pending;
        }
        if matches!(waiting, Waiting::ToReceive) && self.is_stopped() {
            return Poll::Ready(Ok(()));
        }
        if matches!(waiting, Waiting::ToSend) && self.send_unasked()? {
            return Poll::Ready(Ok(()));
        }
        let now = Tick::now();
        let silent = now.since(self.last_activity);
        let has_begun = self.in_message || matches!(waiting, Waiting::ToSend);
        let progress_timeout = self.options().progress_timeout;
        if has_begun && self.progress.is_too_slow(now, progress_timeout) {
            return Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "it got on too slowly")));
        }
        let options = self.options();
        match (waiting, self.step()) {
            (Waiting::ToSend, DrainStep::Cut) => {
                Poll::Ready(Err(io::Error::other("the drain deadline came before the client took its reply")))
            }
            (Waiting::ToReceive, DrainStep::Close) if !self.lingers => Poll::Ready(Ok(())),
            (Waiting::ToReceive, _) => timed_out(options.idle_timeout, silent, "it sent nothing"),
            (Waiting::ToSend, _) => timed_out(options.write_timeout, silent, "it read nothing"),
        }
    }

    /// Tries to send although no room was reported: that is only done once a third of the send buffer is free,
    /// which may take a slow reader longer than any timeout; but the kernel accepts bytes as soon as some
    /// have been taken. Returns whether nothing is left.
    fn send_unasked(&mut self) -> io::Result<bool> {
        let (options, socket) = (self.options(), SockRef::from(&self.stream));
        match uninterrupted(|| options.before_write(&self.tail).and_then(|tail| socket.send(tail))) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            sent => {
                let sent = sent?;
                self.tail = self.tail[sent..].into();
                self.has_sent(sent);
                self.rest_unless_begun();
            }
        }
        Ok(self.tail.is_empty())
    }

    fn step(&self) -> DrainStep {
        self.place
            .server
            .drain
            .get()
            .map_or(DrainStep::Answer, |drain| drain.step(&self.stream, self.last_activity))
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

fn timed_out(timeout: Timeout, silent: Duration, what: &str) -> Poll<io::Result<()>> {
    if timeout.is_over(silent) {
        return Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, format!("{what} for {silent:?}"))));
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use chassis::Drain;

    use super::*;
    use crate::server::Server;

    #[tokio::test]
    async fn a_client_that_never_falls_quiet_is_cut_at_the_drain_deadline() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut talker = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let server = Arc::new(Server::new(&Options::default()));
        let mut client = Client::new(stream, server.take_place().unwrap());
        let mut buffer = [0; 4];

        talker.write_all(b"more than the buffer holds").unwrap();
        assert_eq!(poll_fn(|context| client.poll_receive(context, &mut buffer)).await.unwrap(), 4);
        let options = Options { drain_timeout: Duration::from_nanos(1), ..Options::default() };
        server.drain.get_or_init(|| Drain::begin(&options));
        assert_eq!(poll_fn(|context| client.poll_receive(context, &mut buffer)).await.unwrap(), 0);
    }
}
