//! What a conversation does on its own stack: greet, receive, answer, send the rest; and wait, which switches back to the
//! loop.
//!
//! - **Buffers.** No stack has one while it waits: a [`Chunk`] is lent by the thread, and given back before.
//! - **Depth.** A page that a stack has touched stays memory, so what goes deep and does not wait borrows the loop's
//!   stack: see [`Client::answer`].
//! - **Thread-locals.** Another client runs before [`Client::wait`] returns, on the same thread: a thread-local that was
//!   borrowed across it would be borrowed twice. It is the only function that suspends; its callers hold nothing but
//!   the client. The spare buffer is a `Cell`, which is taken and set and cannot be borrowed.

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
    /// There may be something to do. `more`: an urgent byte or its end was reported, so that a short read does not mean
    /// that the socket is empty.
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
    /// How far the last sending came.
    sending: Sending,
    /// What the next read waits for.
    read_after: Option<Suspended>,
    /// How the conversation has ended.
    outcome: Option<Outcome>,
}

impl<'stack> Client<'stack> {
    pub(crate) fn new(
        yielder: &'stack Yielder<Resumed, Suspended>,
        shared: &'stack Shared,
        wire: TcpStream,
    ) -> Client<'stack> {
        let (conversation, sending) = (Conversation::new(now()), Sending::Done);
        Client { yielder, shared, conversation, wire, sending, read_after: None, outcome: None }
    }

    /// Sends the greeting.
    pub(crate) fn greet(&mut self) -> io::Result<()> {
        self.sending = self.exchange().greet()?;
        self.send_rest()
    }

    /// Waits for bytes from the client; `None` when there will be no more.
    pub(crate) fn receive(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            if let Some(until) = self.read_after.take() {
                self.wait(until)?;
            }
            let mut chunk = Chunk::new();
            self.read_after = match self.exchange().receive(chunk.room())? {
                Receipt::Chunk { length, filled } => {
                    chunk.came(length);
                    let may_read_on = self.conversation.may_read_on(filled);
                    self.read_after =
                        Some(if may_read_on { Suspended::OthersFirst } else { Suspended::UntilReady });
                    return Ok(Some(chunk));
                }
                Receipt::Nothing => Some(Suspended::UntilReady),
                Receipt::Refused => Some(Suspended::OthersFirst),
                Receipt::End(outcome) => {
                    self.outcome = Some(outcome);
                    return Ok(None);
                }
            };
        }
    }

    /// Answers what has come: one `send`, which does not wait.
    pub(crate) fn answer(&mut self, mut chunk: Chunk) -> io::Result<()> {
        let (conversation, wire, shared) = (&mut self.conversation, &self.wire, self.shared);
        let answer = || Exchange { conversation, wire, shared }.answer(chunk.bytes());
        self.sending = self.yielder.on_parent_stack(answer)?;
        Ok(())
    }

    /// Waits until the client has taken what did not fit.
    pub(crate) fn send_rest(&mut self) -> io::Result<()> {
        loop {
            match self.sending {
                Sending::Done => return Ok(()),
                Sending::Blocked => self.wait(Suspended::UntilReady)?,
                Sending::Refused => self.wait(Suspended::OthersFirst)?,
            }
            // What came meanwhile was reported once, and this wait has used that up.
            self.read_after = None;
            self.sending = self.exchange().send_rest()?;
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
    pub(crate) fn finish(self, result: &io::Result<()>) -> Outcome {
        if let (None, Err(error)) = (self.outcome, result) {
            debug!(%error, "connection ended");
        }
        self.outcome.unwrap_or_else(|| self.conversation.failed())
    }

    fn exchange(&mut self) -> Exchange<'_, TcpStream> {
        Exchange { conversation: &mut self.conversation, wire: &self.wire, shared: self.shared }
    }
}
