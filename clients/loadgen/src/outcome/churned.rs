//! The figures of churn.

use serde::{Deserialize, Serialize};

use super::latency::Latency;

/// Whole connections: opened, greeted, answered once and closed by both sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Churned {
    /// Connections whose end was seen within the measured window.
    pub completed: u64,
    /// `completed` over the length of the window.
    pub completed_per_second: f64,
    /// Connections that were started before the window ended and completed after it.
    pub drained: u64,
    /// From the call to connect to the greeting, of all connections started within the window; absent in the
    /// echo dialect, which has no greeting.
    pub greeting: Option<Latency>,
    /// From the call to connect to the server's end of the stream, of all completed connections that were
    /// started within the window.
    pub life: Option<Latency>,
}
