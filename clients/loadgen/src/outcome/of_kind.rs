//! The figures of one kind of requests.

use serde::{Deserialize, Serialize};

use super::errors::Errors;
use super::latency::Latency;
use super::open_loop::OpenLoop;

/// One kind of requests to the prime service. Its figures are counted as those over all are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OfKind {
    /// The kind's name in the scenario.
    pub name: String,
    /// Requests whose verified answer was complete within the measured window.
    pub messages: u64,
    /// `messages` over the length of the window.
    pub messages_per_second: f64,
    /// Requests that were in flight at the end of the window and answered after it.
    pub drained: u64,
    /// Requests, from the start of the load on, whose number had been asked before: there were too few, and a cache may know
    /// the answer.
    pub repeated: u64,
    /// Round trips in a closed loop, response times from due in an open loop, as over all.
    pub latency: Option<Latency>,
    /// Further figures of an open loop; absent if the kind has no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoop>,
    /// Connections that failed while an answer to such a request was due, by kind of error.
    pub errors: Errors,
}
