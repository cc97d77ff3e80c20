//! The catalogue of cases that every server must hold, run against an address.
//!
//! ```text
//!   Target ───────► runner ────────► Context ────────► case (groups/…)
//!   an address,     one server per   address, promises  a client that behaves
//!   or a Launch     kind of need     process if known   well, slowly or badly
//!                        │
//!                        └─ after each case the oracle: a fresh client is served, and (process known)
//!                           descriptors, threads, memory and CPU are back at rest; when a program
//!                           ends, it has counted every client once
//! ```
//!
//! A case is a small function in the file of its group. Its doc comment says what the client does, what
//! is required, and what the concurrency models may legitimately do differently; the [`Concurrency`] of
//! the server says which of these applies. Cases know the protocol and an address, never a server: the
//! same functions hold the models of this workspace and any foreign server that speaks the protocol.
//!
//! What a case needs beside an address is its [`Needs`]. Whoever can start servers implements [`Launch`],
//! and every case runs; for a bare address, cases that need more are reported as skipped, by name.
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
//! | `case.rs` | what a case is, and the ways in which it can end |
//! | `target.rs` | what is tested: an address or a launcher, and what it promises |
//! | `context.rs` | all that a running case may use |
//! | `client.rs`, `dialogue.rs`, `flow.rs` | the client toolkit: bytes, scripts, megabytes |
//! | `process.rs`, `memory.rs` | the server seen from outside: signals, limits, descriptors, threads, CPU, memory |
//! | `started.rs` | a server that a case starts itself, to see how it starts, logs and ends |
//! | `accounts.rs` | what a server says in the end: every client it accepted ended in one way |
//! | `strace.rs` | strace, for what can be neither seen nor made to happen otherwise |
//! | `broken.rs` | servers that are wrong on purpose, for the case that checks the checker |
//! | `runner.rs`, `oracle.rs`, `report.rs` | running, judging, telling |
//! | `groups/` | the cases, one file per group |

mod accounts;
mod broken;
mod case;
mod client;
mod context;
mod dialogue;
mod flow;
mod groups;
mod limits;
mod memory;
mod oracle;
mod process;
mod report;
mod runner;
mod started;
mod target;

pub use accounts::require_adds_up;
pub use case::{Case, CaseResult, Failure, Needs, Stop};
pub use context::Context;
pub use groups::{cases, find};
pub use report::{CaseReport, Outcome, Report};
pub use runner::{Options, run};
pub use target::{Concurrency, LEAST_PROGRESS, Launch, Server, Settings, Target};
