//! What comes after a step of a conversation.

use chassis::Outcome;
use sockets::ready::Sending;

use crate::State;

/// From one state to the next.
pub(crate) enum Step {
    /// The next one, at once.
    Then(State),
    /// The next one, once something has happened.
    Await(State),
    /// The next one, once the other tasks have had their turn.
    Yield(State),
    End(Outcome),
}

/// This step if everything has been sent; else the rest comes first.
pub(crate) fn after(sending: Sending, done: Step) -> Step {
    match sending {
        Sending::Done => done,
        Sending::Blocked => Step::Await(State::SendRest),
        Sending::Refused => Step::Yield(State::SendRest),
    }
}
