//! Tracing the state machine, one transition at a time.

use core::fmt;

use crate::session::{Session, State};

/// The public name of a state, as in the series.
///
/// The state itself is private to [`Session`], so that no caller depends on the set of states.
///
/// ```
/// let transition = protocol::Session::new().trace(b"^").next().unwrap();
/// assert_eq!(transition.next.to_string(), "InMsg");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateName(State);

impl StateName {
    /// The name as text: `WaitForMsg` or `InMsg`.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            State::WaitForMsg => "WaitForMsg",
            State::InMsg => "InMsg",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One step of the Mealy machine: a row of the protocol's table for a concrete byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before the byte.
    pub state: StateName,
    /// The byte that was fed.
    pub byte: u8,
    /// The byte to send to the client, if any.
    pub output: Option<u8>,
    /// The state after the byte.
    pub next: StateName,
}

/// A lazy iterator over the transitions that a buffer causes; created by [`Session::trace`].
///
/// Only the bytes whose transitions are taken from the iterator are fed to the session.
#[derive(Debug)]
pub struct Trace<'session, 'input> {
    session: &'session mut Session,
    input: core::slice::Iter<'input, u8>,
}

impl Session {
    /// Feeds `input` byte by byte, yielding each transition.
    ///
    /// ```
    /// let mut session = protocol::Session::new();
    /// let outputs: Vec<u8> = session.trace(b"x^a$").filter_map(|step| step.output).collect();
    /// assert_eq!(outputs, b"b");
    /// ```
    pub fn trace<'session, 'input>(&'session mut self, input: &'input [u8]) -> Trace<'session, 'input> {
        Trace { session: self, input: input.iter() }
    }
}

impl Iterator for Trace<'_, '_> {
    type Item = Transition;

    fn next(&mut self) -> Option<Transition> {
        let byte = *self.input.next()?;
        let state = StateName(self.session.state);
        let output = self.session.step(byte);
        Some(Transition { state, byte, output, next: StateName(self.session.state) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.input.size_hint()
    }
}

impl ExactSizeIterator for Trace<'_, '_> {}
