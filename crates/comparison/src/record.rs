//! The records of a comparison. Tables and reports are generated only from these types, and the files of a run contain
//! only them.

use serde::{Deserialize, Serialize};

use crate::scenario::{Point, Profile, Scenario};
use crate::subject::{Layout, Subject};
use loadgen::{Dialect, OpenLoop};
use observe::Machine;
use observe::usage::Usage;

/// A whole run: its description, and all observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The description of the run.
    pub run: Run,
    /// One record per trial, in the order in which they were made.
    pub records: Vec<Record>,
}

/// The description of a run: what was measured, and on which machine. With the records, it can be read years later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The version of the file format: [`FORMAT`], or an older one.
    pub format: u32,
    /// This program's version.
    pub version: String,
    /// A fingerprint of the program that measured, which is also that of the servers; absent in older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The command that makes such a run in the project's folder.
    pub command: String,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// The seed for the order of trials and the arrivals of open loops.
    pub seed: u64,
    /// Which CPUs the server and the load generator ran on.
    pub layout: Layout,
    /// The machine that everything ran on.
    pub machine: Machine,
    /// The profile's name.
    pub profile_name: String,
    /// How much was measured.
    pub profile: Profile,
    /// The scenarios of this run, in the order in which they run and are shown.
    pub scenarios: Vec<Scenario>,
    /// The subjects: models in the registry's order, then floors, then twins.
    pub subjects: Vec<Subject>,
}

/// The version of the file format that this program writes. 2: rounds may be made in slices, and groups made again.
pub const FORMAT: u32 = 2;

/// The oldest version that it reads. 1: one server after the other, each with one window.
pub const OLDEST_FORMAT: u32 = 1;

impl Comparison {
    /// Whether every server passed.
    pub fn is_right(&self) -> bool {
        self.records.iter().all(|record| record.observed.is_right())
    }
}

/// One subject at one point of one scenario, once, on its own server process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counted from 1.
    pub round: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The point of its curve.
    pub point: Point,
    /// The subject's name.
    pub subject: String,
    /// The subject that it is divided by, if that was measured in the same round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divided_by: Option<String>,
    /// Its place in the order of this round, point and scenario, from 1.
    pub turn: u32,
    /// The exact load, if the load generator made it; of each slice, if it was made in slices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<loadgen::Scenario>,
    /// How often its group had been made before and was discarded, because it was disturbed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u32,
    /// The outcome.
    pub observed: Observed,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What identifies a trial within a run: round, scenario, point and subject.
pub type Key = (u32, String, Point, String);

impl Record {
    /// Which trial it is of.
    pub fn key(&self) -> Key {
        (self.round, self.scenario.clone(), self.point, self.subject.clone())
    }

    /// Clients that were never served while others were; `None` if no load got through.
    ///
    /// In older records of an open loop on the prime service, which does not greet, also the clients whose first request had not
    /// fallen due when the window ended counted as starved.
    pub(crate) fn starved(&self) -> Option<u64> {
        let Observed::Load { outcome, .. } = &self.observed else { return None };
        let greets = self.load.as_ref().is_none_or(|load| load.dialect != Dialect::Primes);
        let unanswered = outcome.open_loop.as_ref().filter(|_| !greets).map(OpenLoop::unanswered);
        Some(outcome.starved.min(unanswered.unwrap_or(u64::MAX)))
    }
}

/// The outcome of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observed {
    /// The scripted clients ended.
    Script {
        /// From before the first connection was opened until the last one had ended.
        elapsed_ns: u64,
        /// One sentence for each client that failed.
        failures: Vec<String>,
    },
    /// The load ended.
    Load {
        /// The result of the load generator.
        outcome: Box<loadgen::Outcome>,
        /// The distribution of `outcome.latency` in nanoseconds: as text, see
        /// [`loadgen::histogram`]. Two significant digits.
        latency_histogram: Option<String>,
        /// The server's usage from the beginning of the measured window until everything in flight
        /// was answered; absent if it could not be read.
        usage: Option<Usage>,
        /// The share of the CPUs that other programs took meanwhile, from 0 to 1; absent in older records, and where the
        /// kernel does not report it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        others: Option<f64>,
        /// How much the server's own memory grew per connection while all of them were open, in bytes:
        /// anonymous pages, so without the kernel's socket buffers. Absent in churn, whose connections
        /// are opened and closed all the time.
        memory_per_connection_bytes: Option<f64>,
        /// How many connections the server has to its cache after the last window; absent without a cache, and in older
        /// records.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connections_to_cache: Option<u64>,
    },
    /// The trial could not be made.
    Failed {
        /// The reason.
        error: String,
    },
}

impl Observed {
    /// Whether the server passed. Starved clients do not count as a failure.
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
        // The reading also spans the draining after the window.
        let messages = outcome.messages + outcome.drained;
        (messages > 0).then(|| usage.cpu_ns as f64 / messages as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn a_client_of_the_prime_service_that_nothing_made_ask_does_not_starve() {
        let starved = |dialect: Dialect, censored: u64| {
            let mut comparison = example::altered(example::run_of("full", &["open-loop"]), |_, _| {});
            let record = comparison.records.iter_mut().find(|record| record.starved().is_some()).unwrap();
            record.load.as_mut().unwrap().dialect = dialect;
            let Observed::Load { outcome, .. } = &mut record.observed else { unreachable!("it has a load") };
            outcome.starved = 40;
            outcome.open_loop = Some(OpenLoop {
                due: 10,
                sent: 10,
                sent_per_second: 10.0,
                censored,
                unsent: 0,
                lost: 0,
                service: None,
                send_lag: None,
                generator_late: None,
                blocked: None,
            });
            record.starved()
        };
        assert_eq!(starved(Dialect::Primes, 0), Some(0));
        assert_eq!(starved(Dialect::Primes, 3), Some(3));
        assert_eq!(starved(Dialect::Echo, 0), Some(40));
    }
}
