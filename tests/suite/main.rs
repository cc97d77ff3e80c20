//! The launcher and the models from outside, and what the documents say about them.
//!
//! One program for all, for each program of its own would be linked with everything that is here. Its tests share a
//! process, so none may change what belongs to one: limits, signals, environment, folder. What must is a program
//! beside it, as is what lists its tests at run time.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `check`, `compare`, `faults`, `report`, `scripted_clients`, `soak` | a command of the launcher as a user runs it |
//! | `drain`, `owed`, `summaries` | every model in this process: how it stops, and what it counts |
//! | `orphans`, `stalled_log`, `threads` | every model as a process: its end, its log, its threads |
//! | `house`, `readme`, `security`, `supply_chain`, `targets` | the documents, the rules and the manifests, held against what is there |

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod check;
#[cfg(target_os = "linux")]
mod compare;
mod drain;
#[cfg(target_os = "linux")]
mod faults;
mod house;
#[cfg(target_os = "linux")]
mod orphans;
#[cfg(target_os = "linux")]
mod owed;
mod readme;
#[cfg(target_os = "linux")]
mod report;
mod scripted_clients;
mod security;
#[cfg(target_os = "linux")]
mod soak;
mod stalled_log;
mod summaries;
mod supply_chain;
mod targets;
#[cfg(target_os = "linux")]
mod threads;
