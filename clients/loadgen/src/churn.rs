//! Churn: connections that are opened, greeted, answered once and closed, again and again.
//!
//! Each of the scenario's connections is a slot. A slot's next connection is opened when both sides have
//! closed the previous one.

use text::connecting::CannotConnect;

use crate::connect::Opener;
use crate::connection::Connection;
use crate::message::Message;
use crate::scenario::Dialect;

/// What a worker needs to open connections itself.
#[derive(Debug)]
pub(crate) struct Churn<'run> {
    pub(crate) opener: Opener,
    pub(crate) messages: &'run [Message],
    pub(crate) dialect: Dialect,
}

impl<'run> Churn<'run> {
    /// Starts to open the next connection of `slot`, without waiting for it.
    pub(crate) fn begin(&mut self, slot: usize) -> Result<Connection<'run>, CannotConnect> {
        let stream = self.opener.begin()?;
        let message = &self.messages[slot % self.messages.len()];
        Ok(Connection::new(stream, Some(message), self.dialect, 1))
    }
}
