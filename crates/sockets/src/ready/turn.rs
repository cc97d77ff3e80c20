//! How a turn ends.

use chassis::Outcome;

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing more can be done until the poller reports the client again.
    Wait,
    /// There may be more to do right away, but the others come first.
    Unfinished,
    /// It is over: close the connection, and count it so.
    End(Outcome),
}
