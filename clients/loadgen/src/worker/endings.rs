//! The ways in which a worker's connection ends.

use std::time::Instant;

use super::Worker;
use crate::connection::{Connection, Failure};

impl<'run> Worker<'run> {
    /// Ends a connection that both sides have closed.
    pub(super) fn end(&mut self, token: usize) {
        if let Some(connection) = self.take(token) {
            self.tally.ended(connection.opened(), self.now);
        }
        if self.loading && token < self.active {
            self.open_next(token);
        }
    }

    /// Ends a connection that has failed, and counts the failure.
    pub(super) fn fail(&mut self, token: usize, failure: Failure) {
        if let Some(connection) = self.take(token) {
            if let Some(oldest) = connection.unanswered().next() {
                self.tally.failed_on(oldest, failure.kind, &failure.detail);
            }
            for stamp in connection.unanswered() {
                self.tally.lost(stamp);
            }
        }
        self.tally.failed(failure.kind, || failure.detail);
    }

    /// Gives up a connection whose server did not answer in time. The ages of its unanswered messages are
    /// recorded.
    pub(super) fn give_up(&mut self, token: usize) {
        self.now = Instant::now();
        if let Some(connection) = self.take(token) {
            for stamp in connection.unanswered() {
                self.tally.censored(stamp, self.now);
            }
        }
    }

    /// Removes a connection. Its socket is closed, which also removes it from epoll.
    fn take(&mut self, token: usize) -> Option<Connection<'run>> {
        let connection = self.connections[token].take()?;
        self.open -= 1;
        self.open_active -= usize::from(token < self.active);
        self.in_flight -= connection.in_flight();
        self.tally.unfinished += connection.in_flight();
        if !connection.greeted() {
            self.ungreeted -= 1;
        }
        Some(connection)
    }
}
