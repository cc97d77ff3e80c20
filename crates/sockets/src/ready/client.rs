//! One client that takes turns. Between two of them it costs only its state.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use conversation::{Conversation, Echo, Moment, Service};

use super::exchange::{Exchange, Receipt, Sending};
use super::shared::Shared;
use super::turn::Turn;
use crate::ask::is_gone;
use crate::clock::now;
use crate::wire::Wire;

/// One client on a socket that does not block. It holds no buffer while it waits.
#[derive(Debug)]
pub struct Client<W, S: Service = Echo> {
    conversation: Conversation<S>,
    wire: W,
    /// For loops that keep a queue of those whose last turn was [unfinished](Turn::Unfinished): it stands there.
    pub is_queued: bool,
    /// Work that nobody has [taken](Client::take_work).
    work: Option<S::Work>,
}

impl<W: Wire, S: Service> Client<W, S> {
    /// Greets a client that has been accepted.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn greet(wire: W, shared: &Shared) -> io::Result<Client<W, S>> {
        let conversation = Conversation::of(S::begin(&shared.options), now());
        let mut client = Client { conversation, wire, is_queued: false, work: None };
        client.exchange(shared).greet()?;
        Ok(client)
    }

    /// Its socket, to be registered with a poller.
    pub fn wire(&mut self) -> &mut W {
        &mut self.wire
    }

    /// Whether a part of its reply waits for room in the socket. A level-triggered loop asks its poller for room only
    /// while this holds, and for bytes only while it does not: a socket with room is always ready, and unread bytes
    /// are, too.
    #[must_use]
    pub fn waits_for_room(&self) -> bool {
        !self.conversation.unsent().is_empty()
    }

    /// A poller that reports changes has reported an urgent byte, or that the client has closed its side: a short read
    /// does not mean then that the socket is empty.
    pub fn expect_more(&mut self) {
        self.conversation.expect_more();
    }

    /// One turn: what is left of the last reply, then one `recv` and one `send`, however many messages they hold. An
    /// error or a panic on the way ends this client only: nothing that it leaves half done outlives the connection.
    pub fn take_turn(&mut self, buffer: &mut [u8], shared: &Shared) -> Turn {
        let (mut exchange, work) = self.exchange_and_work(shared);
        let turn = catch_unwind(AssertUnwindSafe(|| exchange.take_turn(buffer, work)));
        turn.unwrap_or_else(|_| Err(io::Error::other("its turn panicked")))
            .unwrap_or_else(|error| exchange.failed(&error))
    }

    /// The work that its next answer needs, if its last turn has found some and nobody has taken it. Until the
    /// [result](Self::resume) is there, its turns only notice whether it [is gone](is_gone).
    pub fn take_work(&mut self) -> Option<S::Work> {
        self.work.take()
    }

    /// Whether there is work to be [taken](Self::take_work).
    pub(super) fn has_work(&self) -> bool {
        self.work.is_some()
    }

    /// Whether the result of work that was taken is waited for.
    pub(super) fn awaits_result(&self) -> bool {
        !S::IS_IMMEDIATE && self.conversation.is_working() && self.work.is_none()
    }

    /// Takes the result of its work, and answers.
    pub fn resume(&mut self, done: S::Done, shared: &Shared) -> Turn {
        let (mut exchange, work) = self.exchange_and_work(shared);
        match exchange.resume(done) {
            Ok(sending) => exchange.end_turn(sending, false, work),
            Err(error) => exchange.failed(&error),
        }
    }

    /// What the clock and the drain say of this client.
    pub fn look(&mut self, moment: &Moment, shared: &Shared) -> Turn {
        self.exchange(shared).look(moment)
    }

    fn exchange<'client>(&'client mut self, shared: &'client Shared) -> Exchange<'client, W, S> {
        self.exchange_and_work(shared).0
    }

    fn exchange_and_work<'client>(
        &'client mut self,
        shared: &'client Shared,
    ) -> (Exchange<'client, W, S>, &'client mut Option<S::Work>) {
        (Exchange { conversation: &mut self.conversation, wire: &self.wire, shared }, &mut self.work)
    }
}

/// Its socket, for pollers that take descriptors.
impl<W: Wire, S: Service> AsFd for Client<W, S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}

impl<W: Wire, S: Service> Exchange<'_, W, S> {
    #[inline]
    fn take_turn(&mut self, buffer: &mut [u8], work: &mut Option<S::Work>) -> io::Result<Turn> {
        if !S::IS_IMMEDIATE && self.conversation.is_working() {
            // What a poller of changes has reported now, it does not report again.
            self.conversation.expect_more();
            let left = || io::Error::new(ErrorKind::ConnectionReset, "the client left before its answer");
            return if is_gone(self.wire) { Err(left()) } else { Ok(Turn::Wait) };
        }
        match self.send_rest()? {
            Sending::Done => {}
            Sending::Blocked => return Ok(Turn::Wait),
            Sending::Refused => return Ok(Turn::Unfinished),
        }
        let (length, filled) = match self.receive(buffer)? {
            Receipt::Chunk { length, filled } => (length, filled),
            Receipt::Nothing => return Ok(Turn::Wait),
            Receipt::Refused => return Ok(Turn::Unfinished),
            Receipt::Work(found) => {
                // Bytes may have been reported while its last answer waited for room.
                self.conversation.expect_more();
                *work = Some(found);
                return Ok(Turn::Wait);
            }
            Receipt::End(outcome) => return Ok(Turn::End(outcome)),
        };
        if !S::IS_IMMEDIATE && filled {
            self.conversation.expect_more();
        }
        let sending = self.answer(&mut buffer[..length])?;
        Ok(self.end_turn(sending, filled, work))
    }

    /// What follows an answer, after a read that did or did not fill its buffer.
    #[inline]
    fn end_turn(&mut self, sending: Sending, filled: bool, work: &mut Option<S::Work>) -> Turn {
        if !S::IS_IMMEDIATE && sending == Sending::Done {
            match self.advance() {
                Some(Receipt::Work(found)) => {
                    *work = Some(found);
                    return Turn::Wait;
                }
                Some(Receipt::End(outcome)) => return Turn::End(outcome),
                _ => {}
            }
        }
        match sending {
            Sending::Blocked => Turn::Wait,
            Sending::Done if !self.conversation.may_read_on(filled) => Turn::Wait,
            Sending::Done | Sending::Refused => Turn::Unfinished,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;

    use chassis::Options;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;
    use crate::ready::BUFFER_SIZE;

    fn has_room(client: &Client<UnixStream>) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(client, PollFlags::OUT)], Some(&now)).unwrap() == 1
    }

    #[test]
    fn a_client_waits_for_room_while_its_reply_does_not_fit() {
        let (mut peer, socket) = UnixStream::pair().unwrap();
        peer.set_nonblocking(true).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (shared, mut buffer) = (Shared::new(&Options::default()), vec![0; BUFFER_SIZE]);
        let mut client = Client::greet(socket, &shared).unwrap();
        assert!(has_room(&client) && !client.waits_for_room());
        peer.write_all(b"^").unwrap();
        let bytes = vec![b'a'; BUFFER_SIZE];
        // Each turn moves what has been written, until the other direction is full.
        for _ in 0..1_000 {
            let _ = peer.write(&bytes);
            client.take_turn(&mut buffer, &shared);
        }
        assert!(client.waits_for_room() && !has_room(&client));
        while peer.read(&mut buffer).is_ok() {}
        assert!(has_room(&client));
        client.take_turn(&mut buffer, &shared);
        assert!(!client.waits_for_room());
    }

    #[test]
    fn a_waiting_client_takes_at_most_64_bytes_of_a_table_that_grows_by_doubling() {
        assert!(2 * size_of::<Client<TcpStream>>() <= 64, "{} bytes", size_of::<Client<TcpStream>>());
    }
}
