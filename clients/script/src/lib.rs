//! The series' scripted client: a few connections at once, each of which plays the same small script, and whose
//! events are reported live.
//!
//! ```text
//!  server        connection's sending thread            its receiving thread
//!    │  connect ◄──────── Connected                              │
//!    │  *  ─────────────────────────────────────────────► Greeted│
//!    │  ^abc$de^abte$f ◄─ Sending                                │
//!    │  bcdbcuf ─────────── (pause of 1 s) ─────────────► Received, checked byte by byte
//!    │        …                   …                              │
//!    │  1111 ─────────────────────────────────────────► Received: the reply is complete
//!    │  end of stream ◄── Disconnecting                          │
//!    │  end of stream ──────────────────────────────────► and no extra byte
//! ```
//!
//! With a server that serves one client at a time, the connections form a staircase; with a concurrent server
//! they run in parallel. The series starts with that picture, which can be drawn from the [`Event`]s of a
//! [`Report`].
//!
//! This client demonstrates behaviour. It uses two threads per connection, so that the code for sending, pausing
//! and receiving is straightforward. To put load on a server, use the load generator.
//!
//! ```no_run
//! use script::{Options, Script, run};
//!
//! let server = text::addresses::parse_server("localhost:9090").map_err(anyhow::Error::msg)?;
//! let options = Options { connections: 3, script: Script::series(), timeout: None };
//! let report = run(&server, &options, |event| println!("{event}"))?;
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
