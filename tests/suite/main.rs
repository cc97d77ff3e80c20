//! The launcher and the models from outside, and the documents about them.
//!
//! All tests are one program, because linking many programs takes long. They share a process, so no test may change
//! process-wide state: limits, signals, environment, current folder. A test that must is a separate program, and so is
//! one that lists its trials at run time.
//!
//! | module | content |
//! | --- | --- |
//! | `guards`, `interrupts`, `widths` | commands that have seen nothing, are interrupted, or run in a narrow terminal |
//! | `cache`, `check`, `compare`, `compare_work`, `exercises`, `faults`, `idlers`, `predictions`, `report`, `scripted_clients`, `soak`, `timelines` | a command of the launcher, run as by a user |
//! | `programs`, `strangers` | `check` against servers that are not ours, and against what is no server of the protocol |
//! | `arguments`, `completing`, `streams`, `terminals` | every command: wrong arguments, completion, closed and full streams, colours |
//! | `drain`, `owed`, `summaries` | every model in this process: its shutdown and its counts |
//! | `lookups` | every model of the prime service with a cache, also one that fails, and with a real Redis |
//! | `first_come` | models of the prime service with a queue that is full |
//! | `numbers` | every model of the prime service asked numbers of several kinds at once |
//! | `series_clients` | every model of the prime service with clients that send as the series' own |
//! | `log_colours`, `orphans`, `stalled_log`, `stopped`, `stopping`, `threads` | every model as a process: its log, its end, its threads |
//! | `addresses`, `namespaces` | what all commands say about addresses, also on a machine without IPv6, routes or ports |
//! | `agreement` | the load generator against a second client that shares no code with it |
//! | `several_machines` | the recipe for load from several machines, which are network namespaces |
//! | `playground` | the page on which a trace can be played with, in a browser |
//! | `process`, `terminal` | what these start and look at |
//! | `house`, `readme`, `scorecard`, `security`, `supply_chain`, `targets` | the documents, rules and manifests, compared with the code |

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod addresses;
#[cfg(target_os = "linux")]
mod agreement;
mod arguments;
#[cfg(target_os = "linux")]
mod cache;
mod check;
#[cfg(target_os = "linux")]
mod compare;
#[cfg(target_os = "linux")]
mod compare_work;
mod completing;
mod drain;
#[cfg(target_os = "linux")]
mod exercises;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod first_come;
#[cfg(target_os = "linux")]
mod guards;
mod house;
#[cfg(target_os = "linux")]
mod idlers;
#[cfg(target_os = "linux")]
mod interrupts;
mod log_colours;
#[cfg(target_os = "linux")]
mod lookups;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod numbers;
mod orphans;
#[cfg(target_os = "linux")]
mod owed;
#[cfg(target_os = "linux")]
mod playground;
mod predictions;
mod process;
#[cfg(target_os = "linux")]
mod programs;
mod readme;
#[cfg(target_os = "linux")]
mod report;
mod scorecard;
mod scripted_clients;
mod security;
mod series_clients;
#[cfg(target_os = "linux")]
mod several_machines;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(target_os = "linux")]
mod stalled_log;
mod stopped;
#[cfg(target_os = "linux")]
mod stopping;
mod strangers;
#[cfg(target_os = "linux")]
mod streams;
mod summaries;
mod supply_chain;
mod targets;
mod terminal;
#[cfg(target_os = "linux")]
mod terminals;
#[cfg(target_os = "linux")]
mod threads;
mod timelines;
#[cfg(target_os = "linux")]
mod widths;
