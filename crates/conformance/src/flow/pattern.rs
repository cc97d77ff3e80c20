//! What a flow sends repeatedly.

use protocol::{END, START, Session};

/// A request of one or more whole frames, and its reply.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(super) request: Vec<u8>,
    pub(super) reply: Vec<u8>,
    /// For each number of sent bytes of a request, how many reply bytes are due.
    pub(super) owed: Vec<u64>,
}

impl Pattern {
    /// Frames of this many random payload bytes each, so that lost, doubled or moved bytes are detected.
    pub(crate) fn random(random: &mut fastrand::Rng, frames: usize, payload: usize) -> Self {
        let mut request = Vec::with_capacity(frames * (payload + 2));
        for _ in 0..frames {
            request.push(START);
            request.extend((0..payload).map(|_| match random.u8(..) {
                END => b'x', // the one byte that a payload cannot contain
                byte => byte,
            }));
            request.push(END);
        }
        let mut reply = Vec::new();
        let mut owed = vec![0];
        let mut session = Session::new();
        for &byte in &request {
            reply.extend(session.step(byte));
            owed.push(reply.len() as u64);
        }
        Pattern { request, reply, owed }
    }

    /// Length of one request in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.request.len() as u64
    }
}
