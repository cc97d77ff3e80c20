//! The steps of a conversation on a socket that does not block: receive, answer, send the rest, look.

use std::convert::Infallible;
use std::io;
use std::net::Shutdown as Direction;

use chassis::Outcome;
use conversation::{Conversation, Echo, Look, Moment, Next, Service, Tick, decide};
use tracing::debug;

use super::shared::Shared;
use super::turn::Turn;
use crate::ask::ask;
use crate::clock::now;
use crate::transfer::{Received, receive, send};
use crate::wire::Wire;

/// A conversation and its socket, for one step or more. None of them waits.
#[derive(Debug)]
pub struct Exchange<'client, W, S: Service = Echo> {
    /// What has been said.
    pub conversation: &'client mut Conversation<S>,
    /// The socket.
    pub wire: &'client W,
    /// What all clients share.
    pub shared: &'client Shared,
}

/// What there was to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt<W = Infallible> {
    /// Bytes, to be [answered](Exchange::answer).
    Chunk {
        /// How many.
        length: usize,
        /// Whether they filled the buffer.
        filled: bool,
    },
    /// Nothing yet.
    Nothing,
    /// A fault that a test injected; no poller reports that it has passed.
    Refused,
    /// Nothing may be received until the [result](Exchange::resume) of this work is there.
    Work(W),
    /// The conversation is over.
    End(Outcome),
}

/// How far sending came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Nothing is left.
    Done,
    /// The socket is full; the rest is kept.
    Blocked,
    /// A fault that a test injected; no poller reports that it has passed.
    Refused,
}

impl<W: Wire, S: Service> Exchange<'_, W, S> {
    /// Sends the greeting. A new socket has room for a byte, so it need not wait to be reported as writable.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn greet(&mut self) -> io::Result<Sending> {
        self.send(S::GREETING, now())
    }

    /// Does what needs nothing from the client: a FIN, work, or the end. To be asked before waiting for bytes.
    #[inline]
    pub fn advance(&mut self) -> Option<Receipt<S::Work>> {
        loop {
            match self.conversation.next_step() {
                Next::Receive => return None,
                Next::Fin => {
                    self.wire.shut(Direction::Write);
                    self.conversation.fin_sent(now());
                }
                Next::End(outcome) => return Some(Receipt::End(outcome)),
                Next::Send | Next::Result => return Some(Receipt::Nothing),
                Next::Work(work) => return Some(Receipt::Work(work)),
            }
        }
    }

    /// One `recv`, to be made once nothing is left to send.
    ///
    /// # Errors
    /// The connection has failed.
    #[inline]
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Receipt<S::Work>> {
        loop {
            if let Some(receipt) = self.advance() {
                return Ok(receipt);
            }
            match receive(&self.shared.options, self.wire, buffer)? {
                Received::Bytes { count, filled } => return Ok(Receipt::Chunk { length: count, filled }),
                Received::Refused => return Ok(Receipt::Refused),
                Received::Nothing => {
                    self.conversation.found_nothing();
                    return Ok(Receipt::Nothing);
                }
                Received::End => {
                    let now = now();
                    let reply = self.conversation.receive_end(now);
                    if self.send(&reply, now)? == Sending::Refused {
                        return Ok(Receipt::Refused);
                    }
                }
            }
        }
    }

    /// Answers what was received, in place: one `send`, however many messages it held. What does not fit is kept.
    ///
    /// # Errors
    /// The connection has failed.
    #[inline]
    pub fn answer(&mut self, received: &mut [u8]) -> io::Result<Sending> {
        // Nothing here waits, so that one look at the clock is enough.
        let now = now();
        let reply = self.conversation.receive(received, now);
        self.send(&reply, now)
    }

    /// Takes the result of the work, and answers.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn resume(&mut self, done: S::Done) -> io::Result<Sending> {
        let now = now();
        let reply = self.conversation.resume(done, now);
        self.send(&reply, now)
    }

    #[inline]
    fn send(&mut self, reply: &[u8], now: Tick) -> io::Result<Sending> {
        let sent = send(&self.shared.options, self.wire, reply)?;
        self.shared.counters.answer(sent.count as u64);
        self.conversation.sent(reply, sent.count, now);
        Ok(self.sending(sent.refused))
    }

    /// Goes on with what did not fit.
    ///
    /// # Errors
    /// The connection has failed.
    #[inline]
    pub fn send_rest(&mut self) -> io::Result<Sending> {
        let rest = self.conversation.unsent();
        if rest.is_empty() {
            return Ok(Sending::Done);
        }
        let sent = send(&self.shared.options, self.wire, rest)?;
        self.shared.counters.answer(sent.count as u64);
        self.conversation.sent_more(sent.count, now());
        Ok(self.sending(sent.refused))
    }

    fn sending(&self, refused: bool) -> Sending {
        match self.conversation.unsent() {
            [] => Sending::Done,
            _ if refused => Sending::Refused,
            _ => Sending::Blocked,
        }
    }

    /// What the clock and the drain say of this client. First it sends what waits for the client, as far as the kernel takes
    /// it: pollers report room only once a third of the send buffer is free.
    pub fn look(&mut self, moment: &Moment) -> Turn {
        self.conversation.forgive(moment.lost, moment.now);
        let owed = !self.conversation.unsent().is_empty();
        if let Err(error) = self.send_rest() {
            return self.failed(&error);
        }
        let Exchange { conversation, wire, .. } = self;
        match decide(|known| conversation.look(moment, known), |question| ask(*wire, question)) {
            Look::End(outcome) => Turn::End(outcome),
            Look::Late(late) => {
                debug!("connection ended: {late}");
                Turn::End(Outcome::TimedOut)
            }
            Look::Turn => Turn::Unfinished,
            // It can be read again.
            Look::Wait if owed && conversation.unsent().is_empty() => Turn::Unfinished,
            Look::Wait => Turn::Wait,
        }
    }

    /// The connection has failed, or its handler panicked.
    pub fn failed(&self, error: &io::Error) -> Turn {
        debug!(%error, "connection ended");
        Turn::End(self.conversation.failed())
    }
}
