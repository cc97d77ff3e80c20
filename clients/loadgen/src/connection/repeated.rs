//! What is said on a connection of the echo half: one message, over and over, and its reply each time.
//!
//! All messages are the same, so the state of sending is a position in one shared buffer and a number of unsent bytes,
//! whatever the depth.

use protocol::{GREETING, Mismatch, Verifier};

use crate::message::Message;
use crate::scenario::Dialect;

#[derive(Debug)]
pub(super) struct Repeated<'message> {
    message: &'message Message,
    pub(super) verifier: Verifier<'message>,
    /// Where in the message's batch the next byte to write is.
    position: usize,
    /// Bytes that are due and not yet written.
    pub(super) unsent: usize,
}

impl<'message> Repeated<'message> {
    pub(super) fn new(message: &'message Message, dialect: Dialect) -> Self {
        let mut verifier = Verifier::new(&message.reply);
        if !dialect.greets() {
            // Such a server sends no greeting; the verifier is given one.
            let greeted = verifier.check(&[GREETING]);
            debug_assert_eq!(greeted, Ok(0));
        }
        Repeated { message, verifier, position: 0, unsent: 0 }
    }

    /// Adds `messages` messages to send.
    pub(super) fn queue(&mut self, messages: u64) {
        self.verifier.owe(messages);
        // The scenario's bounds keep this far below the maximum.
        self.unsent += self.message.request_bytes * usize::try_from(messages).unwrap_or(usize::MAX);
    }

    /// The next bytes to write.
    pub(super) fn due(&self) -> &[u8] {
        let end = self.message.batch.len().min(self.position + self.unsent);
        &self.message.batch[self.position..end]
    }

    /// Notes that so many of them are written.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.unsent -= bytes;
        self.position = (self.position + bytes) % self.message.batch.len();
    }

    /// Messages whose last byte is not written yet.
    pub(super) fn unwritten(&self) -> u64 {
        self.unsent.div_ceil(self.message.request_bytes) as u64
    }

    /// Verifies what has arrived. Returns how many replies it completed.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<u64, Mismatch> {
        self.verifier.check(bytes)
    }
}
