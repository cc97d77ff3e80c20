//! Why a connection of the script did not end well.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Mismatch;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Why a connection did not play its script to the end. Serialized as its text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failure {
    /// No TCP connection could be made.
    #[error("cannot connect to {address}: {cause}")]
    Connect {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system said.
        cause: String,
    },
    /// This machine could not give the connection its threads.
    #[error("cannot start a thread for the connection: {cause}; try fewer connections")]
    Thread {
        /// What the system said.
        cause: String,
    },
    /// The server sent something else than it had to.
    #[error("wrong bytes: {0}")]
    WrongBytes(#[from] Mismatch),
    /// The server sent right bytes before it was asked for them.
    #[error("{received} reply bytes came, but only {owed} were asked for by then")]
    Unasked {
        /// Reply bytes that came.
        received: u64,
        /// Reply bytes that were owed at that moment.
        owed: u64,
    },
    /// The server's stream ended before the client had closed its side.
    #[error("the connection ended early, after {received} of {owed} reply bytes: {cause}")]
    EndedEarly {
        /// Reply bytes that came.
        received: u64,
        /// Reply bytes that the whole script asks for.
        owed: u64,
        /// How it ended.
        cause: String,
    },
    /// The client waited as long as it was told to.
    #[error("gave up after {after:?}: {awaited}")]
    Timeout {
        /// How long the connection was given.
        after: Duration,
        /// What had not happened by then.
        awaited: String,
    },
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
