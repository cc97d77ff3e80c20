//! A process seen from outside: its usage and resources, and how to start, stop and disturb it.
//!
//! Comparison, trials, the conformance suite, the load generator and the tests all observe processes through this
//! crate, so that each figure is read in only one way.
//!
//! | file | idea |
//! | --- | --- |
//! | `proc.rs` | the one reader of `/proc`: its files and their formats |
//! | [`usage`] | the usage of a process between two readings: CPU time, memory, context switches |
//! | [`footprint`] | the memory of a process, and the kernel's on behalf of processes |
//! | [`meter`] | the resources of a process while it runs and at rest |
//! | [`process`] | one process: its state and resources, signals, limits, a pause |
//! | [`thread`] | the usage of the calling thread |
//! | [`others`] | CPU time taken by other programs on this machine |
//! | [`steal`] | CPU time taken by other virtual machines on the same hardware |
//! | [`network`] | figures of the kernel about this machine's network |
//! | [`machine`] | the machine that figures come from, in one line |
//! | [`pulse`] | whether this process itself has run all the time |
//! | [`pin`] | CPU affinity |
//! | [`child`] | servers as child processes |
//! | [`program`] | a program's file: which build it is |
//! | [`strace`] | system calls of a process counted, delayed and failed |
//!
//! Nothing here depends on the protocol, a model or another crate of this workspace. The caller interprets the figures.
//!
//! Only Linux has this `/proc`. On other systems everything compiles, and unavailable figures are an error or `None`.

pub mod child;
pub mod footprint;
pub mod machine;
pub mod meter;
pub mod network;
pub mod others;
pub mod pin;
mod proc;
pub mod process;
pub mod program;
pub mod pulse;
pub mod steal;
pub mod strace;
pub mod thread;
pub mod usage;

pub use child::{ServerCommand, ServerProcess};
pub use machine::Machine;
pub use meter::{Meter, Sample};
pub use process::{Holdings, Process};
pub use pulse::Pulse;
