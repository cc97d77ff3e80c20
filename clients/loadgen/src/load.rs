//! When the next message is due.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// Ten times what any client of one machine reaches: a slip in a unit must not be tried.
const MAX_RATE: u64 = 10_000_000;

/// What makes a message due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Load {
    /// A reply: each connection keeps its messages in flight. What is measured is a round trip. A server
    /// that stalls is sent nothing meanwhile, so its stall hardly shows in the percentiles.
    #[default]
    Closed,
    /// The clock: messages are due at fixed times, answered or not, as they are when many independent
    /// clients send them. What is measured is the time from when a message was due to its last reply byte.
    Open {
        /// Messages a second, on all connections together.
        rate: u64,
        /// How their due times are spread.
        #[serde(default)]
        arrivals: Arrivals,
        /// What Poisson arrivals are drawn from: the same seed gives the same due times.
        #[serde(default)]
        seed: u64,
    },
    /// A closed connection: each connection is opened, greeted, answered once and closed, and the next one
    /// takes its place. What is measured is what connections cost.
    Churn,
}

/// How the due times of an open loop are spread.
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
                "scenario {scenario:?}: rate must be 1 to {MAX_RATE} messages a second, but is {rate}"
            );
        }
        Ok(())
    }
}
