//! One connection: the bytes still to write, the replies still to come, and when each message was sent.
//!
//! A connection is independent of the others, of the readiness loop and of the phases of a run. What is said on it depends
//! on the service: [`Repeated`] for the echo half, [`Asked`] for the prime service.

mod asked;
mod in_flight;
mod repeated;

use std::io::{self, ErrorKind as Io};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use protocol::Mismatch;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use text::connecting::Cause;

use self::asked::Asked;
use self::in_flight::InFlight;
use self::repeated::Repeated;
use crate::kind::question::Question;
use crate::message::Message;
use crate::outcome::ErrorKind;
use crate::scenario::Dialect;
use crate::stamp::Stamp;

/// Why a connection was given up.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) detail: String,
}

/// The result of one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Nothing was readable.
    Nothing,
    /// This many verified reply bytes, which completed this many replies. `more` is set if the read filled the
    /// buffer, so that there may be more to read.
    Reply { bytes: u64, replies: u64, more: bool },
    /// The end of the stream after our side was closed and all replies had arrived, as it should be.
    End,
}

#[derive(Debug)]
pub(crate) struct Connection<'message> {
    stream: TcpStream,
    dialect: Dialect,
    says: Says<'message>,
    in_flight: InFlight,
    opened: Instant,
    /// Which of the worker's lanes it belongs to.
    pub(crate) lane: usize,
    /// Whether a slow reader is between two reads.
    pub(crate) paused: bool,
    /// Whether to close our side once everything is written.
    closing: bool,
    /// Whether our side is closed.
    closed: bool,
}

/// What is sent on a connection, and what must come back.
#[derive(Debug)]
enum Says<'message> {
    Repeated(Repeated<'message>),
    Asked(Box<Asked<'message>>),
}

impl<'message> Connection<'message> {
    /// Takes a non-blocking socket that is connected or connecting. Without a message, it asks numbers.
    pub(crate) fn new(
        stream: TcpStream,
        message: Option<&'message Message>,
        dialect: Dialect,
        depth: usize,
    ) -> Self {
        let says = match message {
            Some(message) => Says::Repeated(Repeated::new(message, dialect)),
            None => Says::Asked(Box::default()),
        };
        Connection {
            stream,
            dialect,
            says,
            in_flight: InFlight::with_capacity(depth),
            opened: Instant::now(),
            lane: 0,
            paused: false,
            closing: false,
            closed: false,
        }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether messages may be sent: in the protocol, whether the server has greeted.
    pub(crate) fn greeted(&self) -> bool {
        match &self.says {
            Says::Repeated(repeated) => repeated.verifier.greeted(),
            Says::Asked(_) => true,
        }
    }

    /// Verified reply bytes so far.
    fn received(&self) -> u64 {
        match &self.says {
            Says::Repeated(repeated) => repeated.verifier.received(),
            Says::Asked(asked) => asked.received,
        }
    }

    /// When opening it started.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// Whether at least one reply arrived and none is outstanding.
    pub(crate) fn answered(&self) -> bool {
        self.received() > 0
            && match &self.says {
                Says::Repeated(repeated) => repeated.verifier.outstanding() == 0,
                Says::Asked(asked) => asked.is_answered(),
            }
    }

    /// Whether the server has served this connection at all.
    pub(crate) fn served(&self) -> bool {
        if self.dialect.greets() { self.greeted() } else { self.received() > 0 }
    }

    /// Messages sent and still unanswered.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.messages()
    }

    /// Reads once and verifies the bytes.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, Failure> {
        let length = loop {
            match recv(&self.stream, &mut *buffer, RecvFlags::empty()) {
                Ok((length, _)) => break length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Received::Nothing),
                Err(error) => return Err(Failure::io("reading", &error.into())),
            }
        };
        if length == 0 {
            return self.end_of_stream();
        }
        let before = self.received();
        let replies = match &mut self.says {
            Says::Repeated(repeated) => repeated.check(&buffer[..length])?,
            Says::Asked(asked) => asked.check(&buffer[..length])?,
        };
        let bytes = self.received() - before;
        Ok(Received::Reply { bytes, replies, more: length == buffer.len() })
    }

    fn end_of_stream(&self) -> Result<Received, Failure> {
        if !self.greeted() {
            let detail = "the server closed the connection without greeting it".to_owned();
            return Err(Failure { kind: ErrorKind::Rejected, detail });
        }
        if self.closed {
            match &self.says {
                Says::Repeated(repeated) => repeated.verifier.finish()?,
                Says::Asked(asked) => asked.finish()?,
            }
            return Ok(Received::End);
        }
        let detail = format!(
            "the server closed the connection after {} reply bytes, before the client closed its side",
            self.received()
        );
        Err(Failure { kind: ErrorKind::EarlyEnd, detail })
    }

    /// Removes the oldest messages, whose replies are complete, and calls `each` with every stamp and the number
    /// of its messages.
    pub(crate) fn complete(&mut self, replies: u64, each: impl FnMut(&Stamp, u64)) {
        self.in_flight.complete(replies, each);
    }

    /// The stamps of the messages in flight, oldest first.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = &Stamp> {
        self.in_flight.stamps()
    }

    /// Adds `messages` messages to send; [`Connection::flush`] writes them.
    pub(crate) fn queue(&mut self, messages: u64, stamp: Stamp) {
        let Says::Repeated(repeated) = &mut self.says else { return };
        repeated.queue(messages);
        self.in_flight.push(messages, stamp);
    }

    /// Adds a question to send; [`Connection::flush`] writes it.
    pub(crate) fn ask(&mut self, question: &'message Question, stamp: Stamp) {
        let Says::Asked(asked) = &mut self.says else { return };
        asked.queue(question);
        self.in_flight.push(1, stamp);
    }

    /// Writes until nothing is left or the socket is full. Messages fully written are stamped with `now`.
    pub(crate) fn flush(&mut self, now: Instant) -> Result<(), Failure> {
        if self.has_unsent() {
            self.write()?;
            let unwritten = match &self.says {
                Says::Repeated(repeated) => repeated.unwritten(),
                Says::Asked(asked) => asked.unwritten(),
            };
            self.in_flight.stamp_written(unwritten, now);
        }
        if !self.has_unsent() && self.closing && !self.closed { self.close_our_side() } else { Ok(()) }
    }

    fn has_unsent(&self) -> bool {
        match &self.says {
            Says::Repeated(repeated) => repeated.unsent > 0,
            Says::Asked(asked) => !asked.unsent.is_empty(),
        }
    }

    fn write(&mut self) -> Result<(), Failure> {
        while self.has_unsent() {
            let due = match &self.says {
                Says::Repeated(repeated) => repeated.due(),
                Says::Asked(asked) => asked.unsent.as_slices().0,
            };
            match send(&self.stream, due, SendFlags::NOSIGNAL) {
                Ok(written) => {
                    // After a short write the socket is full; another call would only return EAGAIN.
                    let full = written < due.len();
                    match &mut self.says {
                        Says::Repeated(repeated) => repeated.wrote(written),
                        Says::Asked(asked) => asked.wrote(written),
                    }
                    if full {
                        return Ok(());
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(Failure::io("writing", &error.into())),
            }
        }
        Ok(())
    }

    /// Writes what is left, then closes our side; the server must still answer in full and close its own.
    pub(crate) fn finish(&mut self, now: Instant) -> Result<(), Failure> {
        self.closing = true;
        self.flush(now)
    }

    fn close_our_side(&mut self) -> Result<(), Failure> {
        self.closed = true;
        match self.stream.shutdown(Shutdown::Write) {
            // The server has closed already; the next read reports how.
            Err(error) if error.kind() == Io::NotConnected => Ok(()),
            result => result.map_err(|error| Failure::io("closing", &error)),
        }
    }
}

impl Failure {
    fn io(doing: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            Io::ConnectionRefused | Io::TimedOut | Io::HostUnreachable | Io::NetworkUnreachable => {
                ErrorKind::Connect
            }
            Io::ConnectionReset | Io::BrokenPipe | Io::ConnectionAborted => ErrorKind::Reset,
            _ => ErrorKind::Io,
        };
        let detail = match error.kind() {
            // Reported by whichever call comes first, but it is connecting that was refused.
            Io::ConnectionRefused => {
                let (reason, remedy) = (Cause::Refused.reason(), Cause::Refused.remedy());
                format!("connecting failed: {error}: {reason}; {remedy}")
            }
            _ => format!("{doing} failed: {error}"),
        };
        Failure { kind, detail }
    }
}

impl From<Mismatch> for Failure {
    fn from(mismatch: Mismatch) -> Self {
        let kind = match mismatch {
            Mismatch::Greeting { .. } => ErrorKind::WrongGreeting,
            Mismatch::Wrong { .. } => ErrorKind::WrongByte,
            Mismatch::Extra { .. } => ErrorKind::ExtraByte,
            Mismatch::Missing { .. } => ErrorKind::MissingReply,
        };
        Failure { kind, detail: mismatch.to_string() }
    }
}

#[cfg(test)]
mod tests;
