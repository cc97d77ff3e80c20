//! What hostile clients do.

use serde::Serialize;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Resets in the middle of a message.
    Reset,
    /// Closes at once, with the greeting unread.
    Vanish,
    /// Shuts its receiving side and sends on.
    Deaf,
    /// Sends flat out and never reads, until the server cuts it.
    NeverRead,
    /// The same, until the server waits to write; then it resets.
    ResetBlocked,
    /// Sends a byte now and then.
    Trickle,
    /// Many connections that say nothing, then leave together or wait until the server closes them.
    IdleCrowd,
    /// Sends random bytes and half-closes; verified.
    Garbage,
    /// Sends each byte in a segment of its own; verified.
    Pieces,
    /// Sends a message and half-closes at once; verified.
    HalfClose,
    /// Sends flat out without reading, then reads all of it, and again; verified.
    Window,
    /// Sends flat out without reading, half-closes and then reads slowly; verified.
    LateReader,
}

impl Behaviour {
    /// Over as soon as the server has answered, or sooner.
    pub(super) const QUICK: [Behaviour; 6] = [
        Behaviour::Reset,
        Behaviour::Vanish,
        Behaviour::Deaf,
        Behaviour::Garbage,
        Behaviour::Pieces,
        Behaviour::HalfClose,
    ];

    /// These sit with the server for a while.
    pub(super) const SITTING: [Behaviour; 6] = [
        Behaviour::NeverRead,
        Behaviour::ResetBlocked,
        Behaviour::Trickle,
        Behaviour::IdleCrowd,
        Behaviour::Window,
        Behaviour::LateReader,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Behaviour::Reset => "reset in a message",
            Behaviour::Vanish => "connect and vanish",
            Behaviour::Deaf => "shut reading, send on",
            Behaviour::NeverRead => "never read",
            Behaviour::ResetBlocked => "reset while the reply waits",
            Behaviour::Trickle => "trickle",
            Behaviour::IdleCrowd => "idle in a crowd",
            Behaviour::Garbage => "garbage, verified",
            Behaviour::Pieces => "byte by byte, verified",
            Behaviour::HalfClose => "half-close, verified",
            Behaviour::Window => "window closed and opened, verified",
            Behaviour::LateReader => "half-close and read late, verified",
        }
    }
}
