//! A process seen from outside: what it uses, what it holds, how it is started, stopped and disturbed.
//!
//! Comparison, trials, the conformance suite, the load generator and the tests all look at processes through this
//! crate, so that each figure is read in one way only.
//!
//! | file | idea |
//! | --- | --- |
//! | `proc.rs` | the one reader of `/proc`: which files there are, and what stands in them |
//! | [`usage`] | what a process used between two readings: CPU time, memory, switches |
//! | [`meter`] | what a process holds while it runs and when it is at rest |
//! | [`process`] | one process: its state and holdings, signals, limits, a pause |
//! | [`thread`] | what the calling thread has used |
//! | [`steal`] | what other machines on the same hardware took |
//! | [`network`] | what the kernel says of this machine's network |
//! | [`machine`] | the machine that figures come from, in one line |
//! | [`pin`] | which CPUs a thread may run on |
//! | [`child`] | servers as child processes |
//! | [`strace`] | system calls of a process counted, delayed and failed |
//!
//! Nothing in here knows the protocol, a model or another crate of this workspace. What a figure means, and
//! whether it is good enough, is for the caller to say.
//!
//! `/proc` is Linux's. Elsewhere everything compiles, and what cannot be read is an error or `None`.

pub mod child;
pub mod machine;
pub mod meter;
pub mod network;
pub mod pin;
mod proc;
pub mod process;
pub mod steal;
pub mod strace;
pub mod thread;
pub mod usage;

pub use child::{ServerCommand, ServerProcess};
pub use machine::Machine;
pub use meter::{Meter, Sample};
pub use process::{Holdings, Process};
