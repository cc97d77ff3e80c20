//! Work for clients whose answers come later.

use chassis::Outcome;
use conversation::Service;

use super::{Clients, Registry};
use crate::ask::is_gone;

impl<R: Registry, S: Service> Clients<'_, R, S> {
    /// How many clients stand in the queue for [work](Self::next_work), some of whom may have left.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.working.len()
    }

    /// The next work, first come first served, and the key of the client that waits for its [result](Self::resume).
    pub fn next_work(&mut self) -> Option<(usize, S::Work)> {
        loop {
            let key = self.working.pop()?;
            // The client may have left, and another one have its key.
            if let Some(work) = self.table.get_mut(key).and_then(super::Client::take_work) {
                return Some((key, work));
            }
        }
    }

    /// Takes the result of a client's work, and answers. Not after the client has [left](Self::take_left): another one
    /// may have its key.
    pub fn resume(&mut self, key: usize, done: S::Done) {
        let shared = self.shared;
        if let Some(client) = self.table.get_mut(key)
            && client.awaits_result()
        {
            let awaited = client.awaited();
            let turn = client.resume(done, shared);
            self.end_turn(key, turn, awaited);
        }
    }

    /// The keys of those that have left since their work was taken: nobody waits for its result. To be asked before the
    /// next [batch](Self::accept_batch) is accepted, since a newcomer may get such a key.
    pub fn take_left(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.left)
    }

    /// For a loop that does a client's work itself, to be asked every few milliseconds: whether that client still waits
    /// for the result. What cannot wait until the work is done is done on the way: a request to stop is noticed, and
    /// what the clock says of all clients.
    pub fn still_waits(&mut self, key: usize) -> bool {
        if self.shutdown.is_requested() && !self.watch.is_draining() {
            self.begin_drain();
        }
        self.look_if_due();
        if self.table.get_mut(key).is_some_and(|client| is_gone(&*client)) {
            self.close(key, Outcome::Error);
        }
        // The caller is the one to be told.
        self.left.clear();
        self.table.get_mut(key).is_some_and(|client| client.awaits_result())
    }
}

#[cfg(test)]
mod tests;
