//! Who sends FIN when the server stops: the connection's thread, or the drain thread for a thread that waits.

use chassis::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What the thread of a connection and the drain tell each other.
///
/// All of it is one word, so that all operations on it have one order: either the drain sees that the thread
/// receives and sends FIN, or the thread sees that it is stopped and does. A thread that has bytes to answer never
/// finds its socket shut for writing. No other memory depends on the word, so its own order is enough.
#[derive(Debug, Default)]
pub(crate) struct Handshake(AtomicU8);

/// Set by the drain: discard what still comes.
const DISCARD: u8 = 1;
/// Set by the drain: a FIN is due, and the first of the two that can send it does.
const FIN: u8 = 2;
/// Set by the drain: the deadline cut this connection.
const CUT: u8 = 4;
/// Set by the drain: when it was cut, the kernel still held a part of its reply.
const OWED: u8 = 8;
/// Its thread waits for bytes from the client, and owes it nothing.
const RECEIVING: u8 = 16;
/// Set by the drain: it has shut the receiving half, so that what the thread finds then is not the client's end.
const CLOSED: u8 = 32;

/// What a thread learns from the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: answer what comes.
    Nothing,
    /// To answer what has come; the end that comes after it is not the client's.
    Closed,
    /// To discard what comes.
    Discard,
    /// The client has its FIN, after the whole of its reply.
    Fin,
}

impl Handshake {
    /// The thread is about to wait for bytes. Returns whether it must send FIN before.
    pub(crate) fn begin_receiving(&self) -> bool {
        self.0.fetch_add(RECEIVING, Relaxed) & FIN != 0
    }

    /// The thread waits no more. Returns what becomes of what has come.
    pub(crate) fn end_receiving(&self) -> Told {
        told(self.0.fetch_sub(RECEIVING, Relaxed))
    }

    pub(crate) fn is_receiving(&self) -> bool {
        self.0.load(Relaxed) & RECEIVING != 0
    }

    /// Notes that the receiving half is about to be shut.
    pub(crate) fn close(&self) {
        self.0.fetch_or(CLOSED, Relaxed);
    }

    /// From now on the thread discards what comes.
    pub(crate) fn discard(&self) {
        self.0.fetch_or(DISCARD, Relaxed);
    }

    /// Stops the connection. Returns whether the drain must send FIN: a thread that does not wait now sends it
    /// before it waits again.
    pub(crate) fn stop(&self) -> bool {
        self.0.fetch_or(DISCARD | FIN, Relaxed) & RECEIVING != 0
    }

    /// Notes that the deadline is over. The socket is shut only after this, so that a thread that finds it shut knows
    /// why.
    pub(crate) fn cut(&self, owed: bool) {
        self.0.fetch_or(DISCARD | FIN | CUT | if owed { OWED } else { 0 }, Relaxed);
    }

    pub(crate) fn told(&self) -> Told {
        told(self.0.load(Relaxed))
    }

    pub(crate) fn was_cut_owing(&self) -> bool {
        self.0.load(Relaxed) & OWED != 0
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.0.load(Relaxed) & CUT != 0
    }
}

fn told(word: u8) -> Told {
    match word {
        _ if word & FIN != 0 => Told::Fin,
        _ if word & DISCARD != 0 => Told::Discard,
        _ if word & CLOSED != 0 => Told::Closed,
        _ => Told::Nothing,
    }
}
