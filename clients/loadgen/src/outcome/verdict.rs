//! The judgement on a run: whose limit it found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A judgement on one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whose limit it was.
    pub bound: Bound,
    /// What that is judged from, in one sentence.
    pub reason: String,
}

/// Whose limit a run has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The server set the pace while the client had time to spare.
    Server,
    /// The client set the pace: the figures describe the client.
    Client,
    /// Neither was at its limit.
    Neither,
    /// The figures are not valid.
    Invalid,
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Bound::Server => "server-bound",
            Bound::Client => "client-bound",
            Bound::Neither => "neither",
            Bound::Invalid => "invalid",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.bound, self.reason)
    }
}
