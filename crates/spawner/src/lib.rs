//! What idle threads cost, beside as many idle coroutines and tasks: memory of the process and of the kernel, the time to
//! start them, and CPU time.
//!
//! | file | idea |
//! | --- | --- |
//! | `idlers.rs` | starts them in a process of its own, and keeps them idle |
//! | `measure.rs` | starts that process, and reads what it uses before, during and after |
//! | `report.rs` | the table |
//!
//! Each kind has a process of its own, so that memory that one has left behind is not given to the next.

mod idlers;
mod measure;
mod report;

use serde::Serialize;

pub use idlers::hold;
pub use measure::measure;
pub use report::table;

/// What is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A thread of the system, parked.
    Thread,
    /// A coroutine on a stack of its own, suspended: as the model coroutines has for each client.
    Coroutine,
    /// A task of tokio, pending, on a runtime with one thread.
    Task,
}

impl Kind {
    /// All of them, from the dearest to the cheapest.
    pub const ALL: [Kind; 3] = [Kind::Thread, Kind::Coroutine, Kind::Task];

    /// As in messages and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Thread => "thread",
            Kind::Coroutine => "coroutine",
            Kind::Task => "task",
        }
    }
}

/// What all idle ones of a kind cost together: differences between a process without them and with them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// What is idle.
    pub kind: Kind,
    /// How many.
    pub count: u32,
    /// From the start of the first one until each has run once.
    pub start_ns: u64,
    /// CPU time of the process meanwhile.
    pub start_cpu_ns: u64,
    /// For how long they were then left idle.
    pub idle_ns: u64,
    /// CPU time of the process meanwhile.
    pub idle_cpu_ns: u64,
    /// Resident private memory of the process: stacks and heap.
    pub resident_bytes: i64,
    /// Page tables of the process, in the kernel.
    pub page_table_bytes: i64,
    /// Stacks in the kernel, of all processes of this machine: others disturb this figure.
    pub kernel_stack_bytes: Option<i64>,
    /// The kernel's own objects that it cannot give back, of the whole machine: others disturb this figure.
    pub kernel_object_bytes: Option<i64>,
    /// Addresses that the process has reserved, whether there is memory behind them or not.
    pub address_space_bytes: i64,
}

impl Cost {
    /// Page tables and stacks in the kernel.
    #[must_use]
    pub fn kernel_bytes(&self) -> i64 {
        self.page_table_bytes + self.kernel_stack_bytes.unwrap_or_default()
    }
}
