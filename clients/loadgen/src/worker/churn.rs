//! Churn: connections that are opened, greeted, answered once and closed, again and again.
//!
//! Each of the scenario's connections is a slot; when the server has closed its side, too, the slot's next
//! connection is opened. Nothing is waited for but readiness, so that a slow accept holds up its own slot
//! only. A slot whose connection fails is given up: failures are bounded by the number of slots.

use anyhow::anyhow;
use rustix::event::epoll::{self, EventData};

use crate::connect::{Opener, advice};
use crate::connection::Connection;
use crate::message::Message;
use crate::outcome::ErrorKind;
use crate::scenario::Dialect;
use crate::stamp::Stamp;
use crate::worker::{INTEREST, Worker};

/// What a worker needs to open connections itself.
#[derive(Debug)]
pub(crate) struct Churn<'run> {
    pub(crate) opener: Opener,
    pub(crate) messages: &'run [Message],
    pub(crate) dialect: Dialect,
}

impl Worker<'_> {
    /// Begins the next connection of a slot.
    pub(crate) fn open_next(&mut self, token: usize) {
        let Some(churn) = &mut self.churn else { return };
        self.tally.connections += 1;
        let stream = match churn.opener.begin() {
            Ok(stream) => stream,
            Err(error) => {
                if let Some(advice) = advice(&error) {
                    self.broken = Some(anyhow!("cannot open another connection: {error}; {advice}"));
                }
                return self.tally.failed(ErrorKind::Connect, || format!("connecting failed: {error}"));
            }
        };
        let message = &churn.messages[token % churn.messages.len()];
        let connection = Connection::new(stream, message, churn.dialect, 1);
        let data = EventData::new_u64(token as u64);
        if let Err(error) = epoll::add(&self.epoll, connection.stream(), data, INTEREST) {
            self.broken = Some(anyhow!("cannot watch a connection with epoll: {error}"));
            return;
        }
        let greeted = connection.greeted();
        self.connections[token] = Some(connection);
        self.open += 1;
        if greeted {
            // Nothing to wait for; the bytes go out when the connection is there.
            self.send(token, 1, Stamp::now(self.now));
        } else {
            self.ungreeted += 1;
        }
    }

    /// A slot's connection was greeted and sends its one message, or was answered and closes.
    pub(crate) fn go_on(&mut self, token: usize) {
        let Some(connection) = &mut self.connections[token] else { return };
        let now = self.now;
        if connection.answered() {
            self.with(token, |connection| connection.finish(now));
        } else {
            self.send(token, 1, Stamp::now(now));
        }
    }

    /// Whether a connection of any slot is still open.
    pub(crate) fn churns_still(&self) -> bool {
        self.churn.is_some() && self.connections[..self.active].iter().any(Option::is_some)
    }
}
