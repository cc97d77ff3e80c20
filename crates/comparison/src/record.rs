//! What a comparison leaves behind. These types are its memory: tables and reports are drawn from them
//! alone, and the files of a run hold nothing else.

use serde::{Deserialize, Serialize};

use crate::scenario::{Point, Profile, Scenario};
use crate::subject::{Layout, Subject};
use observe::Machine;
use observe::usage::Usage;

/// A whole run: what was asked for, and all that was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was asked for, and where.
    pub run: Run,
    /// One record per trial, in the order in which they were made.
    pub records: Vec<Record>,
}

/// What was asked for, and where. With this and the records, a run can be read years later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The form of these files; another number is not read.
    pub format: u32,
    /// This program's version.
    pub version: String,
    /// The command that makes such a run, as one types it in the project's folder.
    pub command: String,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// What the order of trials and the arrivals of open loops were drawn from.
    pub seed: u64,
    /// Which CPUs the server and the load generator ran on.
    pub layout: Layout,
    /// The machine that everything ran on.
    pub machine: Machine,
    /// The profile's name.
    pub profile_name: String,
    /// How much was measured.
    pub profile: Profile,
    /// Those that take part, in the order in which they are played and shown.
    pub scenarios: Vec<Scenario>,
    /// Who takes part: models in the registry's order, then floors, then twins.
    pub subjects: Vec<Subject>,
}

/// The form of the files that this program writes and reads.
pub const FORMAT: u32 = 1;

impl Comparison {
    /// Whether every server did all it had to.
    pub fn is_right(&self) -> bool {
        self.records.iter().all(|record| record.observed.is_right())
    }
}

/// One subject at one point of one scenario, once, on a server process of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counted from 1.
    pub round: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Where on its curve.
    pub point: Point,
    /// The subject's name.
    pub subject: String,
    /// The subject that it is divided by, if it was measured in the same round beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divided_by: Option<String>,
    /// Its place in the order of this round, point and scenario, from 1.
    pub turn: u32,
    /// Exactly what the load generator was asked for, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<loadgen::Scenario>,
    /// What came of it.
    pub observed: Observed,
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
        /// The distribution of `outcome.latency` in nanoseconds: as text, see
        /// [`loadgen::histogram`]. Two significant digits.
        latency_histogram: Option<String>,
        /// What the server used from the beginning of the measured window until everything in flight
        /// was answered; absent if it could not be read.
        usage: Option<Usage>,
        /// How much the server's own memory grew per connection while all of them were open, in bytes:
        /// anonymous pages, so without the kernel's socket buffers. Absent in churn, whose connections
        /// come and go.
        memory_per_connection_bytes: Option<f64>,
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
        let Observed::Load { outcome, usage: Some(usage), .. } = self else { return None };
        // The reading spans the draining, too.
        let messages = outcome.messages + outcome.drained;
        (messages > 0).then(|| usage.cpu_ns as f64 / messages as f64)
    }
}
