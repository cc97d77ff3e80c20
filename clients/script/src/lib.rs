//! The series' scripted client: a few connections at once, each of which plays the same small script
//! by itself, while everything that happens is told as it happens.
//!
//! ```text
//!  server        connection's sending thread            its listening thread
//!    │  connect ◄──────── Connected                              │
//!    │  *  ─────────────────────────────────────────────► Greeted│
//!    │  ^abc$de^abte$f ◄─ Sending                                │
//!    │  bcdbcuf ─────────── (pause of 1 s) ─────────────► Received, checked byte by byte
//!    │        …                   …                              │
//!    │  1111 ─────────────────────────────────────────► Received: the reply is complete
//!    │  end of stream ◄── Disconnecting                          │
//!    │  end of stream ──────────────────────────────────► and nothing came too much
//! ```
//!
//! Against a server that serves one client at a time, the connections form a staircase; against any
//! concurrent one they run side by side. That picture is what the series begins with, and it can be
//! drawn from the [`Event`]s of a [`Report`].
//!
//! This client is for watching. It spends two threads on each connection, so that sending, pausing and
//! listening read as what they are; to load a server, use the load generator.
//!
//! ```no_run
//! use script::{Options, Script, run};
//!
//! let options = Options { connections: 3, script: Script::series(), timeout: None };
//! let report = run(&["127.0.0.1:9090".parse()?], &options, |event| println!("{event}"))?;
//! println!("elapsed {:.3} s", report.elapsed.as_secs_f64());
//! # Ok::<(), anyhow::Error>(())
//! ```

mod connection;
mod event;
mod failure;
mod limits;
mod progress;
mod report;
mod run;
mod steps;

pub use event::{Event, EventKind};
pub use failure::Failure;
pub use limits::MOST_CONNECTIONS;
pub use report::{Outcome, Report};
pub use run::{Options, run};
pub use steps::{Script, Step};
