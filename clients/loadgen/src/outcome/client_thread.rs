//! What the load generator itself used.

use serde::{Deserialize, Serialize};

/// What one thread of the load generator used within the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientThread {
    /// CPU time, user and system.
    pub cpu_ns: u64,
    /// Length of the window on this thread.
    pub elapsed_ns: u64,
    /// Time in which the thread was runnable and waited for a CPU; absent where the kernel does not report it.
    #[serde(default)]
    pub run_queue_wait_ns: Option<u64>,
}

impl ClientThread {
    /// The share of the window in which this thread was busy or waited for a CPU.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
    pub fn load(&self) -> f64 {
        let wanted = self.cpu_ns + self.run_queue_wait_ns.unwrap_or(0);
        if self.elapsed_ns == 0 { 0.0 } else { wanted as f64 / self.elapsed_ns as f64 }
    }

    /// The share of the window in which this thread waited for a CPU; 0 where the kernel does not report it.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
    pub fn waiting(&self) -> f64 {
        let waited = self.run_queue_wait_ns.unwrap_or(0);
        if self.elapsed_ns == 0 { 0.0 } else { waited as f64 / self.elapsed_ns as f64 }
    }
}
