//! Who says FIN when the server stops: the connection's thread, or the drain for a thread that waits.

use crate::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What the thread of a connection and the drain tell each other.
///
/// All of it is one word, so that whatever they do to it has one order: either the drain sees that the thread
/// receives and says FIN, or the thread sees that it is stopped and does. Never does a thread that has bytes to
/// answer find its socket shut for writing. No other memory hangs on the word, so its own order is enough.
#[derive(Debug, Default)]
pub(crate) struct Handshake(AtomicU8);

/// Set by the drain: answer no more, say FIN, throw away what still comes.
const STOPPED: u8 = 1;
/// Set by the drain: the deadline cut this connection.
const CUT: u8 = 2;
/// Set by the drain: when it was cut, the kernel still held a part of its reply.
const OWED: u8 = 4;
/// Its thread waits for bytes from the client, and owes it nothing.
const RECEIVING: u8 = 8;

impl Handshake {
    /// The thread is about to wait for bytes. Returns whether it must say FIN before.
    pub(crate) fn begin_receiving(&self) -> bool {
        self.0.fetch_add(RECEIVING, Relaxed) & STOPPED != 0
    }

    /// The thread waits no more. Returns whether what has come must not be answered.
    pub(crate) fn end_receiving(&self) -> bool {
        self.0.fetch_sub(RECEIVING, Relaxed) & STOPPED != 0
    }

    pub(crate) fn is_receiving(&self) -> bool {
        self.0.load(Relaxed) & RECEIVING != 0
    }

    /// Stops the connection. Returns whether the drain must say FIN: a thread that does not wait now is told
    /// before it waits again.
    pub(crate) fn stop(&self) -> bool {
        self.0.fetch_or(STOPPED, Relaxed) & RECEIVING != 0
    }

    /// Notes that the deadline is over. The socket is shut only after this, so that whoever finds it shut knows
    /// why.
    pub(crate) fn cut(&self, owed: bool) {
        self.0.fetch_or(STOPPED | CUT | if owed { OWED } else { 0 }, Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Relaxed) & STOPPED != 0
    }

    pub(crate) fn was_cut_owing(&self) -> bool {
        self.0.load(Relaxed) & OWED != 0
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.0.load(Relaxed) & CUT != 0
    }
}
