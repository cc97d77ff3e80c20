//! When the next message is due.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// Ten times what a client on one machine reaches: a mistaken unit is rejected.
pub(crate) const MAX_RATE: u64 = 10_000_000;

/// What makes a message due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Load {
    /// A reply: each connection keeps a fixed number of messages in flight. The measured time is a round trip.
    /// Nothing is sent to a server while it stalls, so a stall hardly shows in the percentiles.
    #[default]
    Closed,
    /// The clock: messages are due at fixed times, whether or not earlier ones were answered, as with many
    /// independent clients. The measured time runs from when a message was due to its last reply byte.
    Open {
        /// Messages per second, on all connections together.
        rate: u64,
        /// The distribution of their due times.
        #[serde(default)]
        arrivals: Arrivals,
        /// The seed of Poisson arrivals: the same seed gives the same due times.
        #[serde(default)]
        seed: u64,
    },
    /// A closed connection: each connection is opened, greeted, answered once and closed, and the next one
    /// takes its slot. This measures the cost of connections.
    Churn,
}

/// The distribution of the due times of an open loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// All gaps are equal.
    #[default]
    Uniform,
    /// Gaps are exponentially distributed, as between independent clients.
    Poisson,
}

impl Load {
    pub(crate) fn validate(&self, scenario: &str) -> anyhow::Result<()> {
        if let Load::Open { rate, .. } = self {
            ensure!(
                (1..=MAX_RATE).contains(rate),
                "scenario {scenario:?}: rate must be 1 to {MAX_RATE} messages per second, but is {rate}"
            );
        }
        Ok(())
    }
}
