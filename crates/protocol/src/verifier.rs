//! Checking what a server sends back, byte by byte, as it arrives.

use thiserror::Error;

use crate::GREETING;

/// How a server's bytes differ from what they must be. Offsets count reply bytes from 0, the greeting
/// not among them.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Mismatch {
    /// The first byte of the connection is not the greeting.
    #[error("the server must greet with '*', but its first byte is {got:#04x}")]
    Greeting {
        /// The byte that came instead.
        got: u8,
    },
    /// A reply byte has the wrong value.
    #[error("reply byte {offset} must be {expected:#04x}, but is {got:#04x}")]
    Wrong {
        /// Position in the reply stream.
        offset: u64,
        /// The byte that the protocol prescribes.
        expected: u8,
        /// The byte that came.
        got: u8,
    },
    /// More bytes came than were owed.
    #[error("only {owed} reply bytes were owed, but another came: {got:#04x}")]
    Extra {
        /// All that was owed when the byte came.
        owed: u64,
        /// The first byte too many.
        got: u8,
    },
    /// The stream ended before all that was owed had come.
    #[error("the stream ended after {received} of {owed} reply bytes (greeted: {greeted})")]
    Missing {
        /// Reply bytes that came.
        received: u64,
        /// Reply bytes that were owed.
        owed: u64,
        /// Whether at least the greeting came.
        greeted: bool,
    },
}

/// Checks one connection's incoming bytes: the greeting, then the same reply again and again.
///
/// A load generator sends one request many times, so what must come back is one pattern repeated;
/// the verifier holds the pattern by reference and two counters, and compares slices in place. It
/// allocates nothing, however many messages are in flight. Replies may arrive cut anywhere.
///
/// For a reply that comes once, own it once: `Verifier::new(&reply)` and `owe(1)`.
///
/// ```
/// use protocol::Verifier;
///
/// let mut verifier = Verifier::new(b"bcd");
/// verifier.owe(2); // two requests `^abc$` are on their way
/// assert_eq!(verifier.check(b"*bc")?, 0); // no reply complete yet
/// assert_eq!(verifier.check(b"dbc")?, 1); // the first one is
/// assert_eq!(verifier.check(b"d")?, 1); // and the second
/// verifier.finish()?;
/// assert!(verifier.check(b"!").is_err()); // nothing more was owed
/// # Ok::<(), protocol::Mismatch>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier<'reply> {
    reply: &'reply [u8],
    greeted: bool,
    received: u64,
    owed: u64,
}

impl<'reply> Verifier<'reply> {
    /// A verifier for a fresh connection on which every request must be answered by `reply`.
    pub const fn new(reply: &'reply [u8]) -> Self {
        Verifier { reply, greeted: false, received: 0, owed: 0 }
    }

    /// Notes that `requests` more requests have been sent (or are about to be). Counts up to
    /// [`u64::MAX`] bytes, more than any connection lives to see, and stays there.
    pub const fn owe(&mut self, requests: u64) {
        let bytes = requests.saturating_mul(self.reply.len() as u64);
        self.owed = self.owed.saturating_add(bytes);
    }

    /// Whether the greeting has come.
    pub const fn greeted(&self) -> bool {
        self.greeted
    }

    /// Reply bytes that are owed and have not come yet.
    pub const fn outstanding(&self) -> u64 {
        self.owed - self.received
    }

    /// Reply bytes that have come and were right.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Checks the next bytes of the stream and returns how many replies they completed.
    ///
    /// # Errors
    /// The first [`Mismatch`]. The stream is then broken: what comes after says nothing any more.
    pub fn check(&mut self, bytes: &[u8]) -> Result<u64, Mismatch> {
        let mut rest = bytes;
        if !self.greeted {
            match rest.split_first() {
                None => return Ok(0),
                Some((&GREETING, after)) => rest = after,
                Some((&got, _)) => return Err(Mismatch::Greeting { got }),
            }
            self.greeted = true;
        }
        let before = self.received;
        while let Some(&got) = rest.first() {
            if self.outstanding() == 0 {
                return Err(Mismatch::Extra { owed: self.owed, got });
            }
            rest = self.check_within_one_reply(rest)?;
        }
        Ok(self.replies_in(self.received) - self.replies_in(before))
    }

    /// Checks that the stream may end here.
    ///
    /// # Errors
    /// [`Mismatch::Missing`] if the greeting or a part of the replies has not come.
    pub const fn finish(&self) -> Result<(), Mismatch> {
        if self.greeted && self.outstanding() == 0 {
            return Ok(());
        }
        Err(Mismatch::Missing { received: self.received, owed: self.owed, greeted: self.greeted })
    }

    /// Compares up to the end of the current reply and returns what is left. Something is owed, so the
    /// reply is not empty and a whole number of replies bounds what may come.
    fn check_within_one_reply<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], Mismatch> {
        let position = usize::try_from(self.received % self.reply.len() as u64).unwrap_or(0);
        let expected = &self.reply[position..];
        let length = expected.len().min(bytes.len());
        if bytes[..length] != expected[..length] {
            let index = (0..length).find(|&index| bytes[index] != expected[index]).unwrap_or(0);
            let offset = self.received + index as u64;
            return Err(Mismatch::Wrong { offset, expected: expected[index], got: bytes[index] });
        }
        self.received += length as u64;
        Ok(&bytes[length..])
    }

    const fn replies_in(&self, bytes: u64) -> u64 {
        if self.reply.is_empty() { 0 } else { bytes / self.reply.len() as u64 }
    }
}
