//! The results of a run. Units are in the names; what was not measured is absent, never zero.

mod churned;
mod client_thread;
mod errors;
mod latency;
mod of_kind;
mod open_loop;
mod verdict;

use std::collections::BTreeMap;
use std::time::SystemTime;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use text::units;

pub use churned::Churned;
pub use client_thread::ClientThread;
pub use errors::{ErrorKind, Errors};
pub use latency::Latency;
pub use of_kind::OfKind;
pub use open_loop::OpenLoop;
pub use verdict::{Bound, Verdict};

/// A finished run: the figures, and the distribution that the latency figures were read from.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The figures.
    pub outcome: Outcome,
    /// When the measured window began, by this machine's clock.
    pub started: SystemTime,
    /// The histogram behind [`Outcome::latency`], in nanoseconds. Histograms of several runs may be added;
    /// their percentiles may never be averaged.
    pub latency_ns: Histogram<u64>,
    /// The histograms behind the percentiles in [`OpenLoop`] and [`Churned`], in nanoseconds, by field name, and those in
    /// [`OfKind`] by the kind's name before it, such as `small.latency`; empty for a closed loop without kinds.
    pub further_ns: BTreeMap<String, Histogram<u64>>,
}

impl Measurement {
    /// All histograms by name: `latency` and those in `further_ns`.
    pub fn histograms(&self) -> impl Iterator<Item = (&str, &Histogram<u64>)> {
        let further = self.further_ns.iter().map(|(name, histogram)| (name.as_str(), histogram));
        std::iter::once(("latency", &self.latency_ns)).chain(further)
    }
}

/// The figures of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Connections that the scenario asked for, including idle ones; in churn, all that were started.
    pub connections: u64,
    /// Connections that the server greeted (protocol) or answered at least once (echo) while all were
    /// open.
    pub served: u64,
    /// Connections that stayed open and were never served while others were. A result and not an error: the
    /// models differ in it.
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
    /// Closed loop: round trips of all messages that were sent within the window and answered, including drained
    /// ones. Open loop: response times, from due to last reply byte, of all messages that were due within
    /// the window; those without a reply ([`OpenLoop::unanswered`]) at their age when the run ended, as a
    /// lower bound. Absent if there were none.
    pub latency: Option<Latency>,
    /// CPU time of the load generator per message, user and system; absent without messages.
    pub client_cpu_ns_per_message: Option<f64>,
    /// What each thread of the load generator used within the measured window.
    #[serde(default)]
    pub client_threads: Vec<ClientThread>,
    /// Steal time: the share of the machine's CPU time within the window that other virtual machines on the same
    /// hardware took, from 0 to 1; absent where the kernel does not report it. A single clock tick counts as 0.
    #[serde(default)]
    pub steal: Option<f64>,
    /// For how long the load generator did not run while it measured and drained, in gaps of 100 ms and more: it was
    /// stopped, or the machine was suspended or had no CPU for it.
    #[serde(default)]
    pub client_not_running_ns: u64,
    /// The share of the CPUs that other programs took before the load and after it, the smaller of both, from 0 to 1.
    /// Absent if nobody looked; only the command `load` does.
    #[serde(default)]
    pub other_programs: Option<f64>,
    /// Whose limit the run found; absent only in records older than this field.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// The figures of each kind of requests to the prime service, in the order of the scenario; empty for echo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<OfKind>,
    /// Further figures of an open loop; absent for other loads, and if only some kinds have a clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoop>,
    /// Further figures of churn; absent for other loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub churned: Option<Churned>,
    /// What went wrong, by kind.
    pub errors: Errors,
}

/// The largest share of the window in which the generator may not have run. With more of it the 99.9th percentile is the
/// generator's own.
const NOT_RUNNING_TOLERANCE: f64 = 0.001;

impl Outcome {
    /// Why the run is not valid for a requested rate, as [`OpenLoop::rate_missed`]: over all, or of the first kind of
    /// requests that missed its own.
    pub fn rate_missed(&self) -> Option<String> {
        let all = self.open_loop.as_ref().and_then(OpenLoop::rate_missed);
        all.or_else(|| {
            self.kinds.iter().find_map(|kind| {
                let reason = kind.open_loop.as_ref()?.rate_missed()?;
                Some(format!("{}: {reason}", kind.name))
            })
        })
    }

    /// The open loop over all messages; or, if only some kinds of requests have a clock, those of each of them. Each with
    /// what was answered of it in time, and the response times.
    pub(crate) fn open_loops(&self) -> Vec<(&OpenLoop, u64, Option<Latency>)> {
        if let Some(open) = &self.open_loop {
            return vec![(open, self.messages, self.latency)];
        }
        let clocks = self.kinds.iter().filter_map(|kind| Some((kind, kind.open_loop.as_ref()?)));
        clocks.map(|(kind, open)| (open, kind.messages, kind.latency)).collect()
    }

    /// Why the run is not valid for any server, if the load generator itself did not run for a part of it.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
    pub fn client_stopped(&self) -> Option<String> {
        let missing = self.client_not_running_ns as f64;
        (missing > self.elapsed_ns as f64 * NOT_RUNNING_TOLERANCE).then(|| {
            format!(
                "the load generator did not run for {}: it was stopped or suspended, or had no CPU",
                units::duration(missing)
            )
        })
    }
}
