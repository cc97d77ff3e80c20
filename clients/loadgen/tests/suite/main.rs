//! The load generator against correct and faulty servers, and its command as a user runs it.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `common` | small servers on a port of their own, and a run with long waits |
//! | `right_servers`, `open_loop`, `churn`, `idle_and_slow` | each kind of load, and that everything is counted |
//! | `primes` | kinds of requests to the prime service, and its faults |
//! | `broken_servers`, `broken_servers_in_every_mode` | how each kind of fault is reported |
//! | `tool` | the command as a process |
//! | `options`, `interrupt`, `histogram_logs`, `merging`, `schema` | the command: what it takes, how it ends, what it writes |
//! | `what_was_measured` | that figures survive whatever fails after them |
//! | `stopped` | a load generator that did not run while it measured, or whose machine was busy with something else |

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod broken_servers;
mod broken_servers_in_every_mode;
mod churn;
mod common;
mod histogram_logs;
mod idle_and_slow;
mod interrupt;
mod merging;
mod open_loop;
mod options;
mod primes;
mod right_servers;
mod schema;
mod stopped;
mod tool;
mod what_was_measured;
