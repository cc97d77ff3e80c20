//! What a comparison leaves behind. These types are its memory: tables and reports are drawn from them
//! alone, and JSON holds nothing else.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::process::Usage;

/// All that was observed, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The machine that everything ran on.
    pub machine: Machine,
    /// One record per trial, in the order in which they were made.
    pub records: Vec<Record>,
}

impl Comparison {
    /// Whether every server did all it had to.
    pub fn is_right(&self) -> bool {
        self.records.iter().all(|record| record.observed.is_right())
    }
}

/// One model under one scenario, once, on a server process of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The model's or the floor's name.
    pub model: String,
    /// Which of the two it is.
    pub kind: Kind,
    /// Counted from 1.
    pub round: u32,
    /// What it was put through.
    pub scenario: Scenario,
    /// What came of it.
    pub observed: Observed,
}

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A concurrency model that speaks the protocol.
    Model,
    /// Raw echo: what the kernel allows.
    Floor,
}

/// What a server is put through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Scenario {
    /// The series' scripted clients.
    Script {
        /// How many play at once.
        connections: usize,
        /// By what their pauses are divided.
        pause_divisor: NonZeroU32,
    },
    /// Load by the load generator.
    Load(loadgen::Scenario),
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observed {
    /// The scripted clients ended.
    Script {
        /// From before the first connection was opened until the last one was over.
        elapsed_ns: u64,
        /// What went wrong, one sentence for each client that failed.
        failures: Vec<String>,
    },
    /// The load ended.
    Load {
        /// What the load generator found.
        outcome: Box<loadgen::Outcome>,
        /// What the server used from the beginning of the measured window until everything in flight
        /// was answered; absent if it could not be read.
        usage: Option<Usage>,
    },
    /// The trial could not be made.
    Failed {
        /// Why not.
        error: String,
    },
}

impl Observed {
    /// Whether the server did all it had to. Clients that were never served beside others do not count
    /// against it.
    pub fn is_right(&self) -> bool {
        match self {
            Observed::Script { failures, .. } => failures.is_empty(),
            Observed::Load { outcome, .. } => outcome.errors.is_empty(),
            Observed::Failed { .. } => false,
        }
    }

    /// CPU time of the server per message, under load that got through.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub fn cpu_ns_per_message(&self) -> Option<f64> {
        let Observed::Load { outcome, usage: Some(usage) } = self else { return None };
        // The reading spans the draining, too.
        let messages = outcome.messages + outcome.drained;
        (messages > 0).then(|| usage.cpu_ns as f64 / messages as f64)
    }
}

impl fmt::Display for Scenario {
    /// One line: what is done to the server.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scenario::Script { connections, pause_divisor: NonZeroU32::MIN } => {
                write!(formatter, "{connections} scripted clients")
            }
            Scenario::Script { connections, pause_divisor } => {
                write!(formatter, "{connections} scripted clients, pauses divided by {pause_divisor}")
            }
            Scenario::Load(load) => write!(
                formatter,
                "{} clients, {}-byte messages, {} in flight each, for {:.1} s",
                load.connections,
                load.payload_bytes,
                load.depth,
                Duration::from_millis(load.duration_ms).as_secs_f64()
            ),
        }
    }
}
