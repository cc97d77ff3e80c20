//! The state machine itself.
//!
//! What may live in this file: the state, its transition function, and walking that function over
//! buffers. No I/O, no clock, no allocation beyond the caller's buffer, no knowledge of who calls.

use alloc::vec::Vec;

use crate::{END, START};

/// Where one connection stands between two bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Between frames: everything but [`START`] is ignored.
    #[default]
    WaitForMsg,
    /// Inside a frame: everything but [`END`] is answered.
    InMsg,
}

impl State {
    /// The transition table of the protocol: the next state, and the output if there is one.
    ///
    /// No wildcard over states, so that a new state does not compile until it is handled here.
    #[expect(clippy::match_same_arms, reason = "one arm per row of the protocol's table")]
    pub(crate) const fn next(self, byte: u8) -> (State, Option<u8>) {
        match (self, byte) {
            (State::WaitForMsg, START) => (State::InMsg, None),
            (State::WaitForMsg, _) => (State::WaitForMsg, None),
            (State::InMsg, END) => (State::WaitForMsg, None),
            (State::InMsg, data) => (State::InMsg, Some(data.wrapping_add(1))),
        }
    }
}

/// The protocol's side of one connection: its state, kept across reads.
///
/// A session is one byte large and costs nothing to create. It starts between frames.
///
/// ```
/// use protocol::Session;
///
/// let mut session = Session::new();
/// let mut buffer = *b"^ab";
/// let reply = session.transform_in_place(&mut buffer);
/// assert_eq!(&buffer[..reply], b"bc");
///
/// let mut rest = *b"c$d"; // the frame goes on in the next read
/// let reply = session.transform_in_place(&mut rest);
/// assert_eq!(&rest[..reply], b"d");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    pub(crate) state: State,
}

impl Session {
    /// A session that stands before the first byte of its connection.
    pub const fn new() -> Self {
        Session { state: State::WaitForMsg }
    }

    /// Feeds one byte and returns the output that it causes, if any.
    pub const fn step(&mut self, byte: u8) -> Option<u8> {
        let (next, output) = self.state.next(byte);
        self.state = next;
        output
    }

    /// Whether a frame has been opened and not yet closed.
    pub const fn in_frame(&self) -> bool {
        matches!(self.state, State::InMsg)
    }

    /// Feeds the whole buffer, overwrites its beginning with the reply and returns the reply's length.
    ///
    /// Each byte causes at most one byte of output, so the reply always fits into the space of its own
    /// input: the receive buffer becomes the send buffer, and nothing is copied or allocated. Bytes
    /// behind the reply are left over from the input and mean nothing.
    pub fn transform_in_place(&mut self, buffer: &mut [u8]) -> usize {
        let mut length = 0;
        for position in 0..buffer.len() {
            if let Some(output) = self.step(buffer[position]) {
                buffer[length] = output;
                length += 1;
            }
        }
        length
    }

    /// Feeds `input` and appends its reply to `reply`, which grows by at most `input.len()` bytes.
    pub fn append_reply(&mut self, input: &[u8], reply: &mut Vec<u8>) {
        reply.extend(input.iter().filter_map(|&byte| self.step(byte)));
    }
}
