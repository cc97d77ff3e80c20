//! The conformance suite: a catalogue of cases that every server must pass, run against an address.
//!
//! ```text
//!   Target ───────► runner ────────► Context ────────► case (groups/…)
//!   an address,     one server per   address, promises  a client that behaves
//!   or a Launch     kind of need     process if known   well, slowly or badly
//!                        │
//!                        └─ after each case the oracle: a new client is served, and (process known)
//!                           descriptors, threads and memory are released and the CPU is idle; when a
//!                           program exits, it has counted every client once
//! ```
//!
//! A case is a small function in the file of its group. Its doc comment says what the client does, what is required, and
//! what the concurrency models may do differently; the [`Concurrency`] of the server says which of these applies. Cases
//! depend on the protocol and an address only, never on a server: the same functions test the models of this workspace
//! and any other server that speaks the protocol.
//!
//! What a case needs besides an address is its [`Needs`]. With a [`Launch`], which starts servers, every case runs; with
//! only an address, or a program whose settings are fixed, cases that need more are reported as skipped, by name.
//!
//! ```no_run
//! use conformance::{Concurrency, Options, Target, cases, run};
//!
//! let target = Target::at("127.0.0.1:9090".parse()?, Concurrency::Many);
//! let selection: Vec<_> = cases().collect();
//! let report = run(&target, &selection, &Options::default(), &mut |case| {
//!     println!("{} {}", case.id, case.outcome);
//! });
//! assert_eq!(report.failed, 0);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! | file | idea |
//! | --- | --- |
//! | `case.rs`, `failure.rs` | what a case is, and the ways in which it ends |
//! | `target.rs` | what is tested: an address or a launcher, and what the server promises |
//! | `context.rs` | what a running case can use |
//! | `probe.rs` | the first look: whether a server speaks the protocol at all |
//! | `client.rs`, `dialogue.rs`, `flow.rs` | the client toolkit: single bytes, scripts, bulk traffic |
//! | `process.rs`, `memory.rs` | the server's process from outside: signals, limits, descriptors, threads, CPU, memory |
//! | `started.rs`, `program.rs` | a server that a case starts itself, to test how it starts, logs and exits; its program |
//! | `group.rs` | the process groups of programs that are not ours: nothing of them is left behind |
//! | `answers.rs` | what a server of the prime service must answer |
//! | `accounts.rs` | the summary that a server logs: every accepted client ended in exactly one way |
//! | `broken.rs` | servers with deliberate faults, for the case that checks the checker |
//! | `runner.rs`, `prepare.rs` | running cases, and the server that each one needs |
//! | `oracle.rs`, `report.rs` | the check after each case, the report |
//! | `eventually.rs` | waiting for a condition that nothing announces |
//! | `groups/` | the cases, one file per group |

mod accounts;
mod answers;
mod broken;
mod case;
mod client;
mod context;
mod dialogue;
mod eventually;
mod failure;
mod flow;
mod group;
mod groups;
mod limits;
mod memory;
mod oracle;
mod prepare;
mod probe;
mod process;
mod program;
mod report;
mod runner;
mod started;
mod target;

pub use accounts::require_adds_up;
pub use answers::prime_answers;
pub use case::{Case, Needs};
pub use context::Context;
pub use failure::{CaseResult, Failure, NEEDS_PROGRAM, Stop, TOO_BUSY};
pub use group::kill_all as kill_programs;
pub use groups::{GROUPS, Group, cases, cases_of, find};
pub use probe::{probe, probe_primes};
pub use report::{CaseReport, Outcome, Report};
pub use runner::{Options, run};
pub use started::start_once;
pub use target::{Concurrency, LEAST_PROGRESS, Launch, Server, Service, Settings, Target};
