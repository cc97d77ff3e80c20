//! The state machine itself.
//!
//! This file holds the state, its transition function and its application to buffers. There is no I/O, no clock
//! and no allocation except by the caller's buffer.

use alloc::vec::Vec;

use crate::bytes::{END, START};
use crate::engine::Engine;

/// The state of one connection between two bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Between frames: every byte but [`START`] is ignored.
    #[default]
    WaitForMsg,
    /// Inside a frame: every byte but [`END`] is answered.
    InMsg,
}

impl State {
    /// The transition table of the protocol: the next state and the output, if any.
    ///
    /// There is no wildcard for states, so that a new state must be handled here before the code compiles.
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
/// A session takes one byte. It starts between frames.
///
/// ```
/// use protocol::Session;
///
/// let mut session = Session::new();
/// let mut buffer = *b"^ab";
/// let reply = session.transform_in_place(&mut buffer);
/// assert_eq!(&buffer[..reply], b"bc");
///
/// let mut rest = *b"c$d"; // the frame continues in the next read
/// let reply = session.transform_in_place(&mut rest);
/// assert_eq!(&rest[..reply], b"d");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    pub(crate) state: State,
}

impl Session {
    /// A session before the first byte of its connection.
    pub const fn new() -> Self {
        Session { state: State::WaitForMsg }
    }

    /// Feeds one byte and returns its output, if any.
    pub const fn step(&mut self, byte: u8) -> Option<u8> {
        let (next, output) = self.state.next(byte);
        self.state = next;
        output
    }

    /// Whether a frame has started and not yet ended.
    pub const fn in_frame(&self) -> bool {
        matches!(self.state, State::InMsg)
    }

    /// Feeds the whole buffer, overwrites its start with the reply and returns the reply's length.
    ///
    /// Each byte causes at most one byte of output, so the reply always fits into the space of its input: the
    /// receive buffer becomes the send buffer, and nothing is copied or allocated. The bytes after the reply
    /// are unspecified.
    ///
    /// The fastest [`Engine`] of this processor does it (`cargo bench --bench protocol` compares them).
    #[inline(never)] // so that it is the same code in every model
    pub fn transform_in_place(&mut self, buffer: &mut [u8]) -> usize {
        Engine::fastest().transform(&mut self.state, buffer)
    }

    /// As [`transform_in_place`](Self::transform_in_place), by an engine of the caller's choice; one that this processor does
    /// not have is replaced by [`Engine::ByteLoop`].
    pub fn transform_with(&mut self, engine: Engine, buffer: &mut [u8]) -> usize {
        engine.transform(&mut self.state, buffer)
    }

    /// Feeds `input` and appends its reply to `reply`, which grows by at most `input.len()` bytes.
    pub fn append_reply(&mut self, input: &[u8], reply: &mut Vec<u8>) {
        reply.extend(input.iter().filter_map(|&byte| self.step(byte)));
    }
}
