//! How a worker keeps its slots busy in churn.
//!
//! The worker waits for nothing but readiness, so that a slow accept delays its own slot only. A slot whose
//! connection fails is given up, so failures are bounded by the number of slots. If this machine runs out of ports or
//! descriptors, that ends one slot after the other, and with the last one the window: what was measured until then is
//! reported.

use rustix::event::epoll::{self, EventData};

use super::{INTEREST, Worker};
use crate::outcome::ErrorKind;
use crate::stamp::Stamp;

impl Worker<'_> {
    /// Starts to open the next connection of a slot.
    pub(super) fn open_next(&mut self, token: usize) {
        let Some(churn) = &mut self.churn else { return };
        self.tally.connections += 1;
        let connection = match churn.begin(token) {
            Ok(connection) => connection,
            Err(error) => {
                return self.tally.failed(ErrorKind::Connect, || error.to_string());
            }
        };
        let data = EventData::new_u64(token as u64);
        if let Err(error) = epoll::add(&self.epoll, connection.stream(), data, INTEREST) {
            return self
                .tally
                .failed(ErrorKind::Io, || format!("watching a connection with epoll failed: {error}"));
        }
        let greeted = connection.greeted();
        self.connections[token] = Some(connection);
        self.open += 1;
        self.open_active += 1;
        if greeted {
            // There is no greeting to wait for; the message is written once the connection is established.
            self.send(token, 1, Stamp::now(self.now));
        } else {
            self.ungreeted += 1;
        }
    }

    /// Sends the one message of a slot's connection that was greeted, or closes one that was answered.
    pub(super) fn advance_slot(&mut self, token: usize) {
        let Some(connection) = &mut self.connections[token] else { return };
        let now = self.now;
        if connection.answered() {
            self.with(token, |connection| connection.finish(now));
        } else {
            self.send(token, 1, Stamp::now(now));
        }
    }

    /// Whether a connection of any slot is still open.
    pub(super) fn has_open_slots(&self) -> bool {
        self.churn.is_some() && self.connections[..self.active].iter().any(Option::is_some)
    }
}
