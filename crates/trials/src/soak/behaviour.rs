//! What hostile clients do.

use conformance::Service;
use serde::Serialize;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Resets in the middle of a message.
    Reset,
    /// Closes at once, with the greeting unread.
    Vanish,
    /// Shuts down its receiving side and continues to send.
    Deaf,
    /// Sends as fast as possible and never reads, until the server drops it.
    NeverRead,
    /// The same, until the server is blocked in writing; then it resets.
    ResetBlocked,
    /// Sends a byte now and then.
    Trickle,
    /// Many connections that send nothing, then close together or wait for the idle timeout.
    IdleCrowd,
    /// Sends random bytes and half-closes; verified.
    Garbage,
    /// Sends each byte in a segment of its own; verified.
    Pieces,
    /// Sends a message and half-closes at once; verified.
    HalfClose,
    /// Leaves while its number is tested, by a reset or a FIN.
    LeaveAtWork,
    /// Sends a line that is longer than any number, and goes on; verified.
    HugeLine,
    /// Sends as fast as possible without reading, then reads everything, repeatedly; verified.
    Window,
    /// Sends as fast as possible without reading, half-closes and then reads slowly; verified.
    LateReader,
}

impl Behaviour {
    /// These end as soon as the server has answered, or earlier.
    const QUICK: [Behaviour; 8] = [
        Behaviour::Reset,
        Behaviour::Vanish,
        Behaviour::Deaf,
        Behaviour::Garbage,
        Behaviour::Pieces,
        Behaviour::HalfClose,
        Behaviour::LeaveAtWork,
        Behaviour::HugeLine,
    ];

    /// These hold their connections for a while.
    const SITTING: [Behaviour; 6] = [
        Behaviour::NeverRead,
        Behaviour::ResetBlocked,
        Behaviour::Trickle,
        Behaviour::IdleCrowd,
        Behaviour::Window,
        Behaviour::LateReader,
    ];

    /// Those that end soon, of clients of this service.
    pub(super) fn quick(service: Service) -> Vec<Behaviour> {
        let is_of_primes = |behaviour| matches!(behaviour, Behaviour::LeaveAtWork | Behaviour::HugeLine);
        let is_meant = |behaviour: &Behaviour| service == Service::Primes || !is_of_primes(*behaviour);
        Behaviour::QUICK.into_iter().filter(is_meant).collect()
    }

    /// Those that stay for a while.
    pub(super) fn sitting() -> Vec<Behaviour> {
        Behaviour::SITTING.to_vec()
    }

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
            Behaviour::LeaveAtWork => "leave in mid-work",
            Behaviour::HugeLine => "huge line, verified",
            Behaviour::Window => "window closed and opened, verified",
            Behaviour::LateReader => "half-close and read late, verified",
        }
    }
}
