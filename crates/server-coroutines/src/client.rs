//! What a conversation does on its own stack: greet, receive, answer; and wait, which switches back to the loop.

use std::io::{self, ErrorKind};
use std::net::TcpStream;

use chassis::Outcome;
use conversation::{Conversation, Moment};
use corosensei::Yielder;
use sockets::now;
use sockets::ready::{Exchange, Receipt, Sending, Shared, Turn};
use sockets::tasks::Chunk;
use tracing::debug;

/// Why the loop goes on with a client.
#[derive(Clone, Copy)]
pub(crate) enum Resumed {
    /// Its socket is ready. `more`: an urgent byte or its end was reported, so a short read does not mean that the socket is
    /// empty.
    Ready { more: bool },
    /// It is time to look at the clock and at the drain.
    Look(Moment),
}

/// Why a client lets the loop go on.
#[derive(Clone, Copy)]
pub(crate) enum Suspended {
    /// Until its socket is ready.
    UntilReady,
    /// Until the others have had their turn.
    OthersFirst,
}

/// One client, on its own stack.
pub(crate) struct Client<'stack> {
    yielder: &'stack Yielder<Resumed, Suspended>,
    shared: &'stack Shared,
    conversation: Conversation,
    wire: TcpStream,
    /// Its last read filled the buffer, or was made after such a report: there may be more.
    may_read_on: bool,
    /// How the conversation has ended.
    outcome: Option<Outcome>,
}

impl<'stack> Client<'stack> {
    pub(crate) fn new(
        yielder: &'stack Yielder<Resumed, Suspended>,
        shared: &'stack Shared,
        wire: TcpStream,
    ) -> Client<'stack> {
        let conversation = Conversation::new(now());
        Client { yielder, shared, conversation, wire, may_read_on: true, outcome: None }
    }

    /// Sends the greeting.
    pub(crate) fn greet(&mut self) -> io::Result<()> {
        let sending = self.exchange().greet()?;
        self.send_rest(sending)
    }

    /// Waits for bytes from the client; `None` when there will be no more.
    pub(crate) fn receive(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            // Lent anew after each wait: a waiting client has no buffer.
            let mut chunk = Chunk::new();
            match self.exchange().receive(chunk.room())? {
                Receipt::Chunk { length, filled } => {
                    chunk.came(length);
                    self.may_read_on = self.conversation.may_read_on(filled);
                    return Ok(Some(chunk));
                }
                Receipt::Nothing => {
                    drop(chunk);
                    self.wait(Suspended::UntilReady)?;
                }
                Receipt::Refused => {
                    drop(chunk);
                    self.wait(Suspended::OthersFirst)?;
                }
                Receipt::End(outcome) => {
                    self.outcome = Some(outcome);
                    return Ok(None);
                }
            }
        }
    }

    /// Answers what has come, and waits until the client has taken what did not fit; then until there may be more to read.
    pub(crate) fn answer(&mut self, mut chunk: Chunk) -> io::Result<()> {
        let sending = self.exchange().answer(chunk.bytes())?;
        drop(chunk);
        match sending {
            Sending::Done if self.may_read_on => self.wait(Suspended::OthersFirst),
            Sending::Done => self.wait(Suspended::UntilReady),
            Sending::Blocked | Sending::Refused => self.send_rest(sending),
        }
    }

    fn send_rest(&mut self, mut sending: Sending) -> io::Result<()> {
        loop {
            match sending {
                Sending::Done => return Ok(()),
                Sending::Blocked => self.wait(Suspended::UntilReady)?,
                Sending::Refused => self.wait(Suspended::OthersFirst)?,
            }
            sending = self.exchange().send_rest()?;
        }
    }

    /// Switches to the loop, and returns when it switches back because there may be something to do.
    fn wait(&mut self, until: Suspended) -> io::Result<()> {
        loop {
            match self.yielder.suspend(until) {
                Resumed::Ready { more } => {
                    if more {
                        self.conversation.expect_more();
                    }
                    return Ok(());
                }
                Resumed::Look(moment) => match self.exchange().look(&moment) {
                    Turn::Wait => {}
                    Turn::Unfinished => return Ok(()),
                    Turn::End(outcome) => {
                        self.outcome = Some(outcome);
                        return Err(ErrorKind::ConnectionAborted.into());
                    }
                },
            }
        }
    }

    /// How the conversation ended.
    pub(crate) fn finish(mut self, result: &io::Result<()>) -> Outcome {
        let failed = || self.conversation.failed();
        if let (None, Err(error)) = (self.outcome, result) {
            debug!(%error, "connection ended");
        }
        self.outcome.take().unwrap_or_else(failed)
    }

    fn exchange(&mut self) -> Exchange<'_, TcpStream> {
        Exchange { conversation: &mut self.conversation, wire: &self.wire, shared: self.shared }
    }
}
