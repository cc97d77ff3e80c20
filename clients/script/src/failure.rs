//! Why a scripted connection failed.

use std::time::Duration;

use protocol::Mismatch;
use serde::{Serialize, Serializer};
use text::connecting::CannotConnect;
use thiserror::Error;

/// Why a connection did not complete its script. Serialized as text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failure {
    /// No TCP connection could be established, with any address of the server.
    #[error(transparent)]
    Connect(#[from] CannotConnect),
    /// A thread for the connection could not be spawned.
    #[error("cannot spawn a thread for the connection: {cause}; use fewer connections")]
    Thread {
        /// The system's error message.
        cause: String,
    },
    /// The server sent other bytes than the protocol requires.
    #[error("wrong bytes: {0}")]
    WrongBytes(#[from] Mismatch),
    /// The server sent correct bytes before they were requested.
    #[error("{received} reply bytes have arrived, but only {owed} were requested by then")]
    Unasked {
        /// Reply bytes that arrived.
        received: u64,
        /// Reply bytes that were due at that moment.
        owed: u64,
    },
    /// The server's stream ended before the client closed its side.
    #[error("the connection ended early, after {received} of {owed} reply bytes: {cause}")]
    EndedEarly {
        /// Reply bytes that arrived.
        received: u64,
        /// Reply bytes that the whole script requests.
        owed: u64,
        /// How it ended.
        cause: String,
    },
    /// The timeout expired.
    #[error("gave up after {after:?}: {awaited}")]
    Timeout {
        /// The timeout.
        after: Duration,
        /// What the client was waiting for.
        awaited: String,
    },
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
