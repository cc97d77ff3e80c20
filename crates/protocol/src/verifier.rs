//! Checking a server's replies, byte by byte, as they arrive.

use thiserror::Error;

use crate::bytes::GREETING;

/// How a server's bytes differ from the expected ones. Offsets count reply bytes from 0, without the
/// greeting.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Mismatch {
    /// The first byte of the connection is not the greeting.
    #[error("the server must greet with '*', but its first byte is {got:#04x}")]
    Greeting {
        /// The byte that arrived instead.
        got: u8,
    },
    /// A reply byte has the wrong value.
    #[error("reply byte {offset} must be {expected:#04x}, but is {got:#04x}")]
    Wrong {
        /// Position in the reply stream.
        offset: u64,
        /// The byte that the protocol requires.
        expected: u8,
        /// The byte that arrived.
        got: u8,
    },
    /// More bytes arrived than were due.
    #[error("only {owed} reply bytes were due, but another arrived: {got:#04x}")]
    Extra {
        /// Reply bytes that were due when the byte arrived.
        owed: u64,
        /// The first extra byte.
        got: u8,
    },
    /// The stream ended before all due bytes had arrived.
    #[error("the stream ended after {received} of {owed} reply bytes (greeted: {greeted})")]
    Missing {
        /// Reply bytes that arrived.
        received: u64,
        /// Reply bytes that were due.
        owed: u64,
        /// Whether the greeting arrived.
        greeted: bool,
    },
}

/// Checks one connection's incoming bytes: the greeting, then the same reply repeatedly.
///
/// A load generator sends one request many times, so the expected bytes are one repeated pattern. The verifier
/// holds a reference to the pattern and two counters, and compares slices in place. It allocates nothing,
/// however many messages are in flight. Replies may be split anywhere.
///
/// For a single reply, use `Verifier::new(&reply)` and `owe(1)`.
///
/// ```
/// use protocol::Verifier;
///
/// let mut verifier = Verifier::new(b"bcd");
/// verifier.owe(2); // two requests `^abc$` have been sent
/// assert_eq!(verifier.check(b"*bc")?, 0); // no reply complete yet
/// assert_eq!(verifier.check(b"dbc")?, 1); // the first one is complete
/// assert_eq!(verifier.check(b"d")?, 1); // and the second one
/// verifier.finish()?;
/// assert!(verifier.check(b"!").is_err()); // no more bytes are due
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
    /// A verifier for a new connection on which every request must be answered with `reply`.
    pub const fn new(reply: &'reply [u8]) -> Self {
        Verifier { reply, greeted: false, received: 0, owed: 0 }
    }

    /// Notes that `requests` more requests have been sent (or are about to be). The number of due bytes
    /// saturates at [`u64::MAX`], which no connection reaches.
    pub const fn owe(&mut self, requests: u64) {
        let bytes = requests.saturating_mul(self.reply.len() as u64);
        self.owed = self.owed.saturating_add(bytes);
    }

    /// Whether the greeting has arrived.
    pub const fn greeted(&self) -> bool {
        self.greeted
    }

    /// Reply bytes that are due and have not arrived yet.
    pub const fn outstanding(&self) -> u64 {
        self.owed - self.received
    }

    /// Correct reply bytes that have arrived.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Checks the next bytes of the stream and returns how many replies they completed.
    ///
    /// # Errors
    /// The first [`Mismatch`]. The stream is then broken, and further calls are meaningless.
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
        let due = rest.len().min(usize::try_from(self.outstanding()).unwrap_or(usize::MAX));
        let (due, extra) = rest.split_at(due);
        let before = self.received;
        self.check_due(due)?;
        match extra.first() {
            Some(&got) => Err(Mismatch::Extra { owed: self.owed, got }),
            None => Ok(self.replies_in(self.received) - self.replies_in(before)),
        }
    }

    /// Checks that the stream may end here.
    ///
    /// # Errors
    /// [`Mismatch::Missing`] if the greeting or a part of the replies has not arrived.
    pub const fn finish(&self) -> Result<(), Mismatch> {
        if self.greeted && self.outstanding() == 0 {
            return Ok(());
        }
        Err(Mismatch::Missing { received: self.received, owed: self.owed, greeted: self.greeted })
    }

    /// Compares bytes that are due. The first reply's worth is compared with the reply, and the rest with itself, one
    /// reply earlier: two long comparisons, however short the replies are.
    fn check_due(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        if bytes.is_empty() {
            return Ok(()); // also if the reply is empty
        }
        let period = self.reply.len();
        let position = usize::try_from(self.received % period as u64).unwrap_or(0);
        let (ended, rest) = bytes.split_at(bytes.len().min(period - position));
        let (begun, _) = rest.split_at(rest.len().min(position));
        let repeats = bytes.len().saturating_sub(period);
        let is_right = self.reply[position..].starts_with(ended)
            && self.reply.starts_with(begun)
            && bytes[bytes.len() - repeats..] == bytes[..repeats];
        if !is_right {
            return Err(self.first_wrong(bytes));
        }
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// The first byte that is wrong, of bytes among which there is one.
    #[cold]
    fn first_wrong(&self, bytes: &[u8]) -> Mismatch {
        let expected = |offset: u64| {
            let position = usize::try_from(offset % self.reply.len() as u64).unwrap_or(0);
            self.reply[position]
        };
        let offsets = self.received..;
        let mut wrong = offsets.zip(bytes).map(|(offset, &got)| (offset, expected(offset), got));
        let (offset, expected, got) =
            wrong.find(|(_, expected, got)| expected != got).unwrap_or((self.received, 0, 0));
        Mismatch::Wrong { offset, expected, got }
    }

    const fn replies_in(&self, bytes: u64) -> u64 {
        if self.reply.is_empty() { 0 } else { bytes / self.reply.len() as u64 }
    }
}
