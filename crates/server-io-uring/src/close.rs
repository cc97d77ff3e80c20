//! Closing: a client goes once the kernel has nothing left to do for it, since its place is then given to another one.

use std::io;

use chassis::Outcome;
use sockets::completion::{Key, Operation};
use tracing::debug;

use crate::client::Wait;
use crate::{EventLoop, client};

impl EventLoop<'_> {
    pub(crate) fn fail(&mut self, key: Key, error: &io::Error) {
        if let Some(client) = client(&mut self.clients, key) {
            debug!(%error, "connection ended");
            let outcome = client.conversation.failed();
            self.close(key, outcome);
        }
    }

    /// Counts how a client ended. It goes once the kernel has nothing left to do for it.
    pub(crate) fn close(&mut self, key: Key, outcome: Outcome) {
        if client(&mut self.clients, key).is_some_and(|client| client.begins(Wait::Leave)) {
            self.common.shared.close(outcome);
        }
        self.release(key);
    }

    /// What it sends from now on stays in its socket. What comes before the kernel knows is kept.
    pub(crate) fn stop_receiving(&mut self, key: Key) {
        let client = client(&mut self.clients, key);
        if client.is_some_and(|client| client.has(Wait::Receive) && client.begins(Wait::ReceiveEnd)) {
            self.ring.cancel(Operation::Receive, key);
        }
    }

    pub(crate) fn release(&mut self, key: Key) {
        self.stop_receiving(key);
        let Some(client) = client(&mut self.clients, key) else { return };
        if client.has(Wait::Room) && client.begins(Wait::RoomEnd) {
            self.ring.cancel(Operation::Room, key);
        }
        // Only its next turn tells what became of its last send.
        self.is_awaited |= client.has(Wait::Send);
        if client.is_at_rest() {
            self.clients[key as usize] = None;
            self.tails.remove(&key);
            self.unread.forget(key);
            self.open -= 1;
            self.ring.close(key);
        }
    }
}
