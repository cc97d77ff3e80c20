//! What a run found out. Units are in the names; what was not measured is absent, never zero.

mod churned;
mod errors;
mod open_loop;

use std::collections::BTreeMap;
use std::time::SystemTime;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

pub use churned::Churned;
pub use errors::{ErrorKind, Errors};
pub use open_loop::OpenLoop;

/// A finished run: the figures, and the distribution that the latency figures were read from.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The figures.
    pub outcome: Outcome,
    /// When the measured window began, by this machine's clock.
    pub started: SystemTime,
    /// What [`Outcome::latency`] was read from, in nanoseconds. Histograms of several runs may be added;
    /// their percentiles may never be averaged.
    pub latency_ns: Histogram<u64>,
    /// What the percentiles in [`OpenLoop`] and in [`Churned`] were read from, in nanoseconds, by the names that
    /// they have there; empty for a closed loop.
    pub further_ns: BTreeMap<&'static str, Histogram<u64>>,
}

impl Measurement {
    /// All that was timed, by name: `latency` and what is in `further_ns`.
    pub fn histograms(&self) -> impl Iterator<Item = (&'static str, &Histogram<u64>)> {
        let further = self.further_ns.iter().map(|(name, histogram)| (*name, histogram));
        std::iter::once(("latency", &self.latency_ns)).chain(further)
    }
}

/// The figures of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Connections that the scenario asked for, idle ones too; in churn, all that were begun.
    pub connections: u64,
    /// Connections that the server greeted (protocol) or answered at least once (echo) while all were
    /// open.
    pub served: u64,
    /// Connections that were open all the time and never served, beside others that were. A result and
    /// not an error: it is what the models differ in.
    pub starved: u64,
    /// Length of the measured window.
    pub elapsed_ns: u64,
    /// Whether the window was ended early, by [`Handle::stop`](crate::Handle::stop).
    #[serde(default)]
    pub interrupted: bool,
    /// Messages whose verified reply was complete within the measured window.
    pub messages: u64,
    /// `messages` over `elapsed_ns`.
    pub messages_per_second: f64,
    /// Verified reply bytes that arrived within the measured window.
    pub reply_bytes: u64,
    /// Messages that were in flight at the end of the window and answered after it.
    pub drained: u64,
    /// Messages that were sent and never answered.
    pub unfinished: u64,
    /// Closed loop: round trips of all messages that were sent within the window and answered, drained ones
    /// too. Open loop: response times, from due to last reply byte, of all messages that were due within
    /// the window; those without a reply ([`OpenLoop::unanswered`]) at their age when the run ended, as a
    /// lower bound. Absent if there were none.
    pub latency: Option<Latency>,
    /// CPU time of the load generator per message, user and system; absent without messages.
    pub client_cpu_ns_per_message: Option<f64>,
    /// What each thread of the load generator used within the measured window.
    #[serde(default)]
    pub client_threads: Vec<ClientThread>,
    /// Share of the machine's CPU time within the window that other machines on the same hardware took, from
    /// 0 to 1; absent where the kernel does not say. One clock tick alone counts as none.
    #[serde(default)]
    pub steal: Option<f64>,
    /// Whose limit the run has found; absent only in records older than this field.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What an open loop tells beside; absent for a closed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoop>,
    /// What churn tells beside; absent where connections stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub churned: Option<Churned>,
    /// What went wrong, by kind.
    pub errors: Errors,
}

/// What one thread of the load generator used within the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientThread {
    /// CPU time, user and system.
    pub cpu_ns: u64,
    /// Length of the window as this thread saw it.
    pub elapsed_ns: u64,
    /// Time in which the thread could have run and had no CPU; absent where the kernel does not say.
    #[serde(default)]
    pub run_queue_wait_ns: Option<u64>,
}

impl ClientThread {
    /// The share of the window in which this thread was busy, or would have been if it had had a CPU.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
    pub fn load(&self) -> f64 {
        let wanted = self.cpu_ns + self.run_queue_wait_ns.unwrap_or(0);
        if self.elapsed_ns == 0 { 0.0 } else { wanted as f64 / self.elapsed_ns as f64 }
    }
}

/// Percentiles of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// How many times the percentiles come from.
    pub samples: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Latency {
    /// Reads the percentiles; `None` if the histogram is empty.
    pub fn of(latency_ns: &Histogram<u64>) -> Option<Self> {
        (!latency_ns.is_empty()).then(|| Latency {
            samples: latency_ns.len(),
            p50_ns: latency_ns.value_at_quantile(0.5),
            p90_ns: latency_ns.value_at_quantile(0.9),
            p99_ns: latency_ns.value_at_quantile(0.99),
            p999_ns: latency_ns.value_at_quantile(0.999),
            max_ns: latency_ns.max(),
        })
    }
}
