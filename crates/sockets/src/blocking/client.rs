//! One client of a thread that blocks: greet, then receive and answer until it is done.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::{Shutdown as Direction, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chassis::Outcome;
use chassis::sync::Arc;
use conversation::{Conversation, Echo, Look, Moment, Next, Service, Tick, decide};
use tracing::{debug, error, trace};

use super::handshake::Told;
use super::shared::Shared;
use super::socket::Socket;
use crate::ask::{ask, is_gone};
use crate::clock::now;
use crate::transfer::{Received, Sent, receive, send};
use crate::wire::{TcpStream, Wire, wait_for_room};

/// One admitted client, owned by the thread that serves it.
#[derive(Debug)]
pub struct Client<S: Service = Echo> {
    shared: Arc<Shared>,
    socket: Arc<Socket>,
    key: usize,
    peer: SocketAddr,
    conversation: Conversation<S>,
    /// Lent to each [`Chunk`], and back here once that is answered.
    buffer: Vec<u8>,
    last_look: Tick,
    answered_bytes: u64,
    outcome: Outcome,
}

/// What one read has brought: a part of a message, or many, in the client's own buffer.
#[derive(Debug)]
pub struct Chunk {
    buffer: Vec<u8>,
    length: usize,
}

#[cfg(all(test, loom))]
impl Chunk {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

/// A client's buffer at first.
const SMALLEST_BUFFER: usize = 4 * 1024;

/// A client's buffer once the client has filled the first. It is also all that a client holds that does not read:
/// together with its stack, less than 64 KiB. From 33 KiB on, more does not make 64 KiB messages cheaper.
const LARGEST_BUFFER: usize = 40 * 1024;

impl<S: Service> Client<S> {
    /// Counts a client that has been accepted, and gives it a place in the table unless `limit` have one.
    pub(crate) fn admit(
        shared: &Arc<Shared>,
        (stream, peer): (TcpStream, SocketAddr),
        limit: usize,
    ) -> Option<Client<S>> {
        trace!(%peer, "accepted");
        shared.counters.accept();
        let now = now();
        let socket = Arc::new(Socket::new(stream, now));
        let Some(key) = shared.insert(&socket, limit) else {
            shared.counters.close(Outcome::Rejected);
            debug!(%peer, limit, "rejected: --max-conns reached");
            return None;
        };
        Some(Client {
            shared: Arc::clone(shared),
            socket,
            key,
            peer,
            conversation: Conversation::of(S::begin(&shared.options), now),
            buffer: Vec::new(),
            last_look: now,
            answered_bytes: 0,
            outcome: Outcome::Rejected,
        })
    }

    /// Holds the conversation with the client, then closes the connection in good order and counts how it
    /// ended. An error or a panic in the conversation ends this connection only.
    ///
    /// If the server has begun to stop before the conversation has, the client is not served at all: it
    /// is closed without a greeting and so knows that nothing was answered.
    pub fn run(mut self, converse: impl FnOnce(&mut Client<S>) -> io::Result<()>) {
        if self.shared.shutdown.is_requested() {
            return;
        }
        let result = self.prepare_socket().and_then(|()| {
            catch_unwind(AssertUnwindSafe(|| converse(&mut self)))
                .unwrap_or_else(|_| Err(io::Error::other("its handler panicked")))
        });
        let handshake = &self.socket.handshake;
        self.outcome = match &result {
            Ok(()) => self.conversation.cut(handshake.was_cut_owing()),
            Err(_) if handshake.was_cut() => Outcome::Dropped,
            // With an errno it is not a timeout of ours: the kernel has given the client up.
            Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                Outcome::TimedOut
            }
            Err(_) => self.conversation.failed(),
        };
        if let Err(error) = result {
            debug!(peer = %self.peer, %error, "connection ended");
        }
    }

    fn prepare_socket(&self) -> io::Result<()> {
        let stream = &self.socket.stream;
        // Linux alone does not hand the listener's non-blocking mode down to an accepted socket.
        #[cfg(not(target_os = "linux"))]
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(self.shared.look_interval)
    }

    /// Sends the greeting.
    ///
    /// # Errors
    /// As for [`answer`](Self::answer).
    pub fn greet(&mut self) -> io::Result<()> {
        self.send(S::GREETING)
    }

    /// Waits for bytes from the client; `None` when there will be no more.
    ///
    /// In a drain this makes the lingering close (see [`Drain`](conversation::Drain)): a FIN, and what the client
    /// still sends is discarded until it closes, too, or is cut.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] by `--idle-timeout` or `--progress-timeout`; a reset or another failure of this
    /// connection.
    pub fn receive(&mut self) -> io::Result<Option<Chunk>> {
        let mut buffer = mem::take(&mut self.buffer);
        if buffer.is_empty() {
            buffer.resize(SMALLEST_BUFFER.min(S::MOST_AT_ONCE), 0);
        }
        if !S::IS_IMMEDIATE && matches!(self.conversation.next_step(), Next::Fin) {
            self.socket.stream.shut(Direction::Write);
            self.conversation.fin_sent(now());
        }
        loop {
            if self.socket.handshake.begin_receiving() {
                self.socket.stream.shut(Direction::Write);
            }
            let received = self.wait_for_bytes(&mut buffer);
            match (received, self.socket.handshake.end_receiving()) {
                (Ok(0), Told::Nothing) => {
                    let reply = self.conversation.receive_end(self.socket.last_activity());
                    self.send(&reply)?;
                    return Ok(None);
                }
                // It is the server that ends the stream, or the client after that: what it has begun is no request.
                // After its FIN it has been answered in full.
                (Ok(0), _) | (Err(_), Told::Fin) => return Ok(None),
                (Ok(length), Told::Nothing | Told::Closed) => return Ok(Some(Chunk { buffer, length })),
                (Ok(_), Told::Discard | Told::Fin) => {}
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Blocks until bytes come, the stream ends (0) or a timeout is over.
    fn wait_for_bytes(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // `recv` never times out for a client that trickles.
        let mut began = self.socket.last_activity();
        if self.shared.look_interval.is_some_and(|interval| began.since(self.last_look) >= interval) {
            self.look(began)?;
        }
        loop {
            let received = receive(&self.shared.options, &self.socket.stream, buffer)?;
            let now = now();
            self.forgive(began, now);
            match received {
                Received::Bytes { count, .. } => {
                    self.socket.touch(now);
                    return Ok(count);
                }
                Received::End => return Ok(0),
                Received::Nothing | Received::Refused => {
                    if self.socket.handshake.told() == Told::Nothing {
                        self.look(now)?; // else the drain has a deadline of its own
                    }
                }
            }
            began = now;
        }
    }

    /// Answers what has come: one `send`, unless the client reads slowly.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] by `--write-timeout` or `--progress-timeout`; a reset or another failure of this
    /// connection.
    pub fn answer(&mut self, chunk: Chunk) -> io::Result<()> {
        let Chunk { mut buffer, length } = chunk;
        let reply = self.conversation.receive(&mut buffer[..length], self.socket.last_activity());
        self.send(&reply)?;
        self.buffer = buffer;
        let largest = LARGEST_BUFFER.min(S::MOST_AT_ONCE);
        if length == self.buffer.len() && length < largest {
            self.buffer = Vec::new(); // first, so that the two never take memory together
            self.buffer = vec![0; largest];
        }
        Ok(())
    }

    /// The work that the next answer needs. Until its [result](Self::resume) is there, nothing is to be received.
    pub fn take_work(&mut self) -> Option<S::Work> {
        match self.conversation.next_step() {
            Next::Work(work) => Some(work),
            _ => None,
        }
    }

    /// Takes the result of the work, and answers.
    ///
    /// # Errors
    /// As for [`answer`](Self::answer).
    pub fn resume(&mut self, done: S::Done) -> io::Result<()> {
        let reply = self.conversation.resume(done, now());
        self.send(&reply)
    }

    /// To be asked every few milliseconds by a thread that works for this client.
    ///
    /// # Errors
    /// The client has reset the connection, or the drain deadline has cut it: nobody would take the answer.
    pub fn expect_present(&self) -> io::Result<()> {
        if is_gone(&self.socket.stream) {
            return Err(io::Error::new(
                ErrorKind::ConnectionReset,
                "the client left while its answer was worked out",
            ));
        }
        Ok(())
    }

    /// Sends all of it, as the client takes it.
    fn send(&mut self, reply: &[u8]) -> io::Result<()> {
        if reply.is_empty() {
            return Ok(());
        }
        let sent = send(&self.shared.options, &self.socket.stream, reply)?;
        let now = self.has_sent(sent);
        self.conversation.sent_of_own(reply, sent.count, now);
        self.send_rest(&reply[sent.count..])
    }

    fn send_rest(&mut self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let began = now();
            // The kernel reports room only once a third of the send buffer is free, which may take a slow reader
            // longer than any timeout; but it accepts bytes as soon as some have been taken. So each time that
            // is reported or that it is time for a look, sending is simply tried again.
            wait_for_room(&self.socket.stream, self.shared.look_interval)?;
            self.forgive(began, now());
            let sent = send(&self.shared.options, &self.socket.stream, rest)?;
            rest = &rest[sent.count..];
            let now = self.has_sent(sent);
            self.conversation.sent_more(sent.count, now);
            self.look(now)?;
        }
        Ok(())
    }

    fn has_sent(&mut self, sent: Sent) -> Tick {
        let now = now();
        if sent.count > 0 {
            self.answered_bytes += sent.count as u64;
            self.socket.touch(now);
        }
        now
    }

    /// A wait ends after one interval at the latest. If it took longer, the process did not run.
    fn forgive(&mut self, began: Tick, now: Tick) {
        let limit = self.shared.look_interval.unwrap_or(Duration::MAX);
        self.conversation.forgive(now.since(began).saturating_sub(limit), now);
    }

    /// Fails if the client has kept the server waiting for too long. The drain thread looks after all else.
    fn look(&mut self, now: Tick) -> io::Result<()> {
        self.last_look = now;
        let moment = Moment { now, lost: Duration::ZERO, timeouts: self.shared.timeouts, drain: None };
        let socket = &self.socket.stream;
        match decide(|known| self.conversation.look(&moment, known), |question| ask(socket, question)) {
            Look::Late(late) => Err(io::Error::new(ErrorKind::TimedOut, late.to_string())),
            _ => Ok(()),
        }
    }
}

impl<S: Service> Drop for Client<S> {
    fn drop(&mut self) {
        self.shared.remove(self.key);
        self.shared.counters.answer(self.answered_bytes);
        self.shared.counters.close(self.outcome);
        if self.outcome == Outcome::Dropped {
            error!(peer = %self.peer, "reply cut off at the drain deadline");
        }
    }
}
