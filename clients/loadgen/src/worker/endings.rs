//! The ways in which a connection leaves a worker's table.

use std::time::Instant;

use super::Worker;
use crate::connection::{Connection, Failure};

impl<'run> Worker<'run> {
    /// Both sides have closed.
    pub(super) fn end(&mut self, token: usize) {
        if let Some(connection) = self.take(token) {
            self.tally.ended(connection.opened(), self.now);
        }
        if self.loading && token < self.active {
            self.open_next(token);
        }
    }

    pub(crate) fn fail(&mut self, token: usize, failure: Failure) {
        self.tally.failed(failure.kind, || failure.detail);
        if let Some(connection) = self.take(token) {
            for stamp in connection.unanswered() {
                self.tally.lost(stamp);
            }
        }
    }

    /// Gives a connection up whose server was waited for long enough: how long its messages have waited is
    /// known, and counted.
    pub(crate) fn give_up(&mut self, token: usize) {
        self.now = Instant::now();
        if let Some(connection) = self.take(token) {
            for stamp in connection.unanswered() {
                self.tally.censored(stamp, self.now);
            }
        }
    }

    /// Takes a connection off the table. Its socket closes with it, and leaves epoll.
    fn take(&mut self, token: usize) -> Option<Connection<'run>> {
        let connection = self.connections[token].take()?;
        self.open -= 1;
        self.in_flight -= connection.in_flight();
        self.tally.unfinished += connection.in_flight();
        if !connection.greeted() {
            self.ungreeted -= 1;
        }
        Some(connection)
    }
}
