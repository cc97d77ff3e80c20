//! What a blocked thread would keep on its stack: where one connection stands between two turns.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::Shutdown as Direction;

use chassis::{Counters, Drain, DrainStep, Options, Outcome, Progress, Tail, Tick, has_unread};
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};
use protocol::{GREETING, Session};

/// How a turn ended.
pub(crate) enum Turn {
    /// Nothing more can be done until the poller reports the connection again.
    Wait,
    /// There may be more to do right away, but the others come first.
    Unfinished,
    /// The client is done and has been answered in full.
    Done,
}

/// One client. It holds no buffer while it waits: its place in the table is all that it costs.
pub(crate) struct Connection {
    stream: TcpStream,
    session: Session,
    /// What the client did not take of its reply yet. While there is any, nothing is read: the client
    /// feels it, and memory stays bounded by one buffer.
    tail: Tail,
    last_activity: Tick,
    progress: Progress,
    /// The poller has seen the client close its side; it will not say so again.
    pub(crate) client_is_done: bool,
    /// It stands in the loop's queue of unfinished connections.
    pub(crate) is_queued: bool,
    farewell: Farewell,
}

/// How far the drain has ended the conversation.
#[derive(Clone, Copy, PartialEq)]
enum Farewell {
    NotYet,
    /// What the client still sends is thrown away, and after the tail of its reply it gets a FIN.
    AfterTail,
    /// It has its FIN. The connection ends when the client closes, too.
    FinSent,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Connection {
        let now = Tick::now();
        Connection {
            stream,
            session: Session::new(),
            tail: Tail::default(),
            last_activity: now,
            progress: Progress::new(now),
            client_is_done: false,
            is_queued: false,
            farewell: Farewell::NotYet,
        }
    }

    pub(crate) fn greet(&mut self, options: &Options, counters: &Counters) -> io::Result<()> {
        self.send(&[GREETING], options, counters)?;
        self.progress.rest();
        Ok(())
    }

    /// From now on the poller reports it under this token.
    pub(crate) fn register(&mut self, poll: &Poll, token: Token) -> io::Result<()> {
        poll.registry().register(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// One turn: what is left of the last reply, then one `recv` and one `send`, however many messages
    /// they hold.
    pub(crate) fn take_turn(
        &mut self,
        buffer: &mut [u8],
        options: &Options,
        counters: &Counters,
    ) -> io::Result<Turn> {
        if !self.send_tail(options, counters)? {
            return Ok(Turn::Wait);
        }
        let allowed = options.before_read(&self.stream, buffer);
        let (received, room) = match allowed.and_then(|room| Ok((self.stream.read(room)?, room.len()))) {
            Ok((0, _)) => return Ok(Turn::Done),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Wait),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Turn::Unfinished),
            Err(_) if self.farewell == Farewell::FinSent => return Ok(Turn::Done),
            Err(error) => return Err(error),
        };
        if self.farewell == Farewell::NotYet {
            self.last_activity = Tick::now();
            self.progress.moved(received, self.last_activity);
            options.panic_if_asked(&buffer[..received]);
            let reply = self.session.transform_in_place(&mut buffer[..received]);
            if !self.send(&buffer[..reply], options, counters)? {
                return Ok(Turn::Wait);
            }
            if !self.session.in_frame() {
                self.progress.rest();
            }
        }
        // A short read has emptied the socket, and the poller reports what comes later: asking once more,
        // only to hear that there is nothing, would be a system call for each message. But the end of
        // the stream, once reported, is not reported again.
        let is_empty = received < room && !self.client_is_done;
        Ok(if is_empty { Turn::Wait } else { Turn::Unfinished })
    }

    /// Sends a reply and keeps what does not fit. Returns whether everything went.
    fn send(&mut self, reply: &[u8], options: &Options, counters: &Counters) -> io::Result<bool> {
        let sent = self.try_send(reply, options, counters)?;
        self.tail.keep(&reply[sent..]);
        Ok(self.tail.is_empty())
    }

    /// Goes on with what did not fit. Returns whether nothing is left.
    pub(crate) fn send_tail(&mut self, options: &Options, counters: &Counters) -> io::Result<bool> {
        if !self.tail.is_empty() {
            let mut tail = mem::take(&mut self.tail);
            tail.took(self.try_send(tail.rest(), options, counters)?);
            self.tail = tail;
            if self.tail.is_empty() && !self.session.in_frame() {
                self.progress.rest();
            }
        }
        Ok(self.tail.is_empty())
    }

    /// Sends until everything has gone or the socket is full, and returns how much went.
    fn try_send(&mut self, bytes: &[u8], options: &Options, counters: &Counters) -> io::Result<usize> {
        let mut sent = 0;
        while sent < bytes.len() {
            let allowed = options.before_write(&bytes[sent..]);
            match allowed.and_then(|bytes| self.stream.write(bytes)) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if sent > 0 {
            self.last_activity = Tick::now();
            self.progress.moved(sent, self.last_activity);
            counters.answer(sent as u64);
        }
        Ok(sent)
    }

    /// Whether the client has kept the server waiting for too long.
    pub(crate) fn timed_out(&mut self, now: Tick, options: &Options) -> Option<Outcome> {
        if self.farewell == Farewell::FinSent {
            return None; // It has had its whole reply, and the drain has a deadline of its own.
        }
        let timeout = if self.has_tail() { options.write_timeout } else { options.idle_timeout };
        let is_silent = timeout.is_over(now.since(self.last_activity));
        let has_begun = self.has_tail() || self.session.in_frame();
        let is_slow = has_begun && self.progress.is_too_slow(now, options.progress_timeout);
        (is_silent || is_slow).then_some(Outcome::TimedOut)
    }

    /// Whether bytes lie unread although its turn has ended: a read stops at a byte that is marked as urgent, and
    /// then a short one has not emptied the socket. To be asked soon after its last activity; later bytes are
    /// reported.
    pub(crate) fn is_overlooked(&self) -> bool {
        !self.is_queued && !self.has_tail() && has_unread(&self.stream)
    }

    /// Since when it has been silent.
    pub(crate) fn last_activity(&self) -> Tick {
        self.last_activity
    }

    /// Whether a part of its reply waits for the client.
    pub(crate) fn has_tail(&self) -> bool {
        !self.tail.is_empty()
    }

    /// Takes the connection's next step of a drain. Returns how it ended, if it did.
    pub(crate) fn drained(&mut self, drain: &Drain) -> Option<Outcome> {
        match (drain.step(&self.stream, self.last_activity), self.farewell) {
            (DrainStep::Cut { owed }, _) if owed || self.has_tail() => return Some(Outcome::Dropped),
            (DrainStep::Cut { .. }, _) => return Some(Outcome::Completed),
            (DrainStep::Close, Farewell::NotYet) if self.tail.is_empty() => return Some(Outcome::Completed),
            // Even if there is a tail: a slow reader that goes on sending has one at every moment.
            (DrainStep::Linger, Farewell::NotYet) => self.farewell = Farewell::AfterTail,
            _ => {}
        }
        if self.farewell == Farewell::AfterTail && self.tail.is_empty() {
            self.farewell = Farewell::FinSent;
            return self.stream.shutdown(Direction::Write).err().map(|_| Outcome::Error);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_takes_at_most_64_bytes_of_the_table() {
        // The table grows by doubling, so half of it may be empty.
        // Debug builds of mio keep eight more for its own checks.
        let most = if cfg!(debug_assertions) { 80 } else { 64 };
        assert!(2 * size_of::<Connection>() <= most, "{} bytes", size_of::<Connection>());
    }
}
