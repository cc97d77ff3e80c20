//! The load generator: verified load against any server that speaks the protocol, echoes, or tests numbers.
//!
//! A [`Scenario`] says what load to make; [`run()`] makes it and returns a [`Measurement`]. In a *closed loop*
//! each connection keeps a fixed number of messages in flight and sends the next one when a reply is
//! complete; the measured time is a round trip. In an *open loop* messages are due by the clock, whatever the
//! server does; the measured time starts when a message was due. **Every reply byte is verified**: a server
//! that answers wrongly is not counted as fast, its connections fail with an [`ErrorKind`].
//!
//! ```text
//!  connect all ──► greetings ──► warm up ──► measure ──► drain ──────► close
//!  one at a time   bounded       not         counted,    no new        our side first; then
//!                  wait          counted     timed       messages      the server must end
//! ```
//!
//! Each thread drives its share of the connections from one readiness loop, with one read and one write per
//! message and no allocation, so that the client uses no more CPU per message than a good server does. The
//! threads share nothing while the load runs; their counts are added up afterwards. A connection that the
//! server never greets is *starved*. That is a result and not an error, since a sequential server serves one
//! client at a time by design.
//!
//! `schema/outcome.schema.json` beside this crate describes an [`Outcome`] as JSON, field by field and with its
//! units. A [`Handle`] stops a run early and reports its progress.
//!
//! ```
//! use loadgen::{Dialect, Scenario};
//!
//! // A minimal server. It echoes, so the scenario uses the echo dialect.
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! std::thread::spawn(move || {
//!     let (stream, _) = listener.accept()?;
//!     std::io::copy(&mut &stream, &mut &stream)
//! });
//!
//! let scenario =
//!     Scenario { dialect: Dialect::Echo, connections: 1, warm_up_ms: 0, duration_ms: 20, ..Scenario::default() };
//! let measurement = loadgen::run(address, &scenario, |_phase| {})?;
//! assert!(measurement.outcome.messages > 0);
//! assert!(measurement.outcome.errors.is_empty());
//! # Ok::<(), anyhow::Error>(())
//! ```

pub mod command;
pub mod histogram;
pub mod merge;

mod arguments;
mod disturbance;
mod handle;
mod interrupts;
mod interval_log;
mod judge;
mod kind;
mod load;
mod outcome;
mod phase;
mod progress;
mod ramp;
mod ramp_table;
mod run;
mod scenario;
mod slow;
mod start_at;
mod summary;
mod total;
mod values;

#[cfg(target_os = "linux")]
mod alarm;
#[cfg(target_os = "linux")]
mod churn;
#[cfg(target_os = "linux")]
mod connect;
#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod crew;
#[cfg(target_os = "linux")]
mod delays;
#[cfg(target_os = "linux")]
mod engine;
#[cfg(target_os = "linux")]
mod lanes;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod open_loop;
#[cfg(target_os = "linux")]
mod schedule;
#[cfg(target_os = "linux")]
mod stamp;
#[cfg(target_os = "linux")]
mod tally;
#[cfg(target_os = "linux")]
mod timer;
#[cfg(target_os = "linux")]
mod watch;
#[cfg(target_os = "linux")]
mod worker;

pub use handle::Handle;
pub use interrupts::Interrupts;
pub use judge::{MAX_OTHERS, MAX_STEAL};
pub use kind::{Kind, Numbers, Share, size_that_takes};
pub use load::{Arrivals, Load};
pub use outcome::{
    Bound, Churned, ClientThread, ErrorKind, Errors, Latency, Measurement, OfKind, OpenLoop, Outcome, Verdict,
};
pub use phase::Phase;
pub use ramp::{Ramp, Step, ramp, ramp_until};
pub use run::{run, run_until};
pub use scenario::{Dialect, Scenario, default_threads};
pub use slow::Slow;
pub use total::total;
