//! For how long a task waits for its client: the heartbeat, the timeouts, the drain.

use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;

use chassis::{DrainStep, Tick, Timeout, has_unread};
use socket2::SockRef;

use crate::client::{Client, uninterrupted};

/// What a client is waited for.
#[derive(Clone, Copy)]
pub(crate) enum Waiting {
    ToReceive,
    ToSend,
}

impl Client {
    /// Pending as long as the client may be waited for.
    pub(crate) fn poll_heartbeat(
        &mut self,
        context: &mut Context<'_>,
        waiting: Waiting,
    ) -> Poll<io::Result<()>> {
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
        if self.lingers {
            return Poll::Pending; // it has had its FIN, and the drain has a deadline of its own
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
            (Waiting::ToSend, DrainStep::Cut { .. }) => {
                Poll::Ready(Err(io::Error::other("the drain deadline came before the client took its reply")))
            }
            (Waiting::ToReceive, DrainStep::Close) if !self.lingers => Poll::Ready(Ok(())),
            (Waiting::ToReceive, _) => timed_out(options.idle_timeout, silent, "it sent nothing"),
            (Waiting::ToSend, _) => timed_out(options.write_timeout, silent, "it read nothing"),
        }
    }

    /// Whether bytes lie unread that nobody reports: a read stops at a byte that is marked as urgent, and then a
    /// short one has not emptied the socket, as tokio takes for granted. Looked at once for each heartbeat, and only
    /// soon after the last activity; later bytes are reported.
    pub(crate) fn is_overlooked(&self) -> bool {
        let (beat, seen) = (self.place.server.beats.load(Relaxed), self.place.beat_seen);
        if seen == 0 || seen == beat {
            return false;
        }
        let silent = Tick::now().since(self.last_activity);
        let is_recent = self.options().look_interval().is_some_and(|interval| silent < 2 * interval);
        is_recent && has_unread(&self.stream)
    }

    /// Tries to send although no room was reported: that is only done once a third of the send buffer is free,
    /// which may take a slow reader longer than any timeout; but the kernel accepts bytes as soon as some
    /// have been taken. Returns whether nothing is left.
    fn send_unasked(&mut self) -> io::Result<bool> {
        let (options, socket) = (self.options(), SockRef::from(&self.stream));
        match uninterrupted(|| options.before_write(self.tail.rest()).and_then(|tail| socket.send(tail))) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            sent => {
                let sent = sent?;
                self.tail.took(sent);
                self.has_sent(sent);
                self.rest_unless_begun();
            }
        }
        Ok(self.tail.is_empty())
    }

    pub(crate) fn step(&self) -> DrainStep {
        self.place
            .server
            .drain
            .get()
            .map_or(DrainStep::Answer, |drain| drain.step(&self.stream, self.last_activity))
    }

    /// Whether the drain reads no more from this client, although it may have more to say.
    pub(crate) fn is_stopped(&mut self) -> bool {
        match self.step() {
            DrainStep::Cut { .. } => true,
            DrainStep::Linger => !std::mem::replace(&mut self.lingers, true),
            DrainStep::Answer | DrainStep::Close => false,
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
    use std::future::poll_fn;
    use std::io::Write;
    use std::sync::Arc;

    use chassis::{Drain, Options};

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
