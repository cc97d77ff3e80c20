//! The load generator: verified load against any server that speaks the protocol.
//!
//! A [`Scenario`] says what load to make; [`run`] makes it and returns a [`Measurement`]. In a *closed loop*
//! each connection keeps a fixed number of messages in flight and sends the next one when a reply is
//! complete: what is measured is a round trip. In an *open loop* messages are due by the clock, whatever
//! the server does: what is measured is the time from when a message was due. **Every reply byte is verified**: a server
//! that answers wrongly is not fast, it is wrong, and is reported as such by [`ErrorKind`].
//!
//! ```text
//!  connect all ──► greetings ──► warm up ──► measure ──► drain ──────► close
//!  one at a time   bounded       not         counted,    no new        our side first; then
//!                  wait          counted     timed       messages      the server must end
//! ```
//!
//! Each thread drives its share of the connections from one readiness loop, with one read and one write per
//! message and no allocation, so that the client costs no more per message than a good server does. The
//! threads share nothing while the load runs; what they counted is added up afterwards. A connection that the server never greets is *starved*: a result, not an error, since a sequential
//! server serves one client at a time by design.
//!
//! An [`Outcome`] as JSON is described, field by field and with its units, in `schema/outcome.schema.json` beside
//! this crate. A [`Handle`] stops a run early and tells how far it is.
//!
//! ```
//! use loadgen::{Dialect, Scenario};
//!
//! // A server in four lines; it echoes, so it is spoken to in the echo dialect.
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

use std::net::SocketAddr;

use anyhow::Context;

pub mod command;
pub mod histogram;
pub mod merge;

mod arguments;
mod handle;
mod interval_log;
mod load;
mod outcome;
mod progress;
mod ramp;
mod scenario;
mod slow;
mod start_at;
mod summary;
mod verdict;

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
mod limits;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod open;
#[cfg(target_os = "linux")]
mod phases;
#[cfg(target_os = "linux")]
mod schedule;
#[cfg(target_os = "linux")]
mod stamp;
#[cfg(target_os = "linux")]
mod tally;
#[cfg(target_os = "linux")]
mod timed;
#[cfg(target_os = "linux")]
mod timer;
#[cfg(target_os = "linux")]
mod worker;

pub use handle::Handle;
pub use load::{Arrivals, Load};
pub use outcome::{Churned, ClientThread, ErrorKind, Errors, Latency, Measurement, OpenLoop, Outcome};
pub use ramp::{Step, ramp, ramp_until};
pub use scenario::{Dialect, Scenario};
pub use slow::Slow;
pub use verdict::{Bound, Verdict};

#[cfg(target_os = "linux")]
pub use engine::run_until;

/// Where a run stands; [`run`] reports each one as it begins.
///
/// The report is made between two phases on the thread that called, so the load waits for whoever listens. At
/// [`Phase::Measuring`] and at [`Phase::Closing`] that wait is in no figure, which makes these two the
/// places to read what a server has used: between them it answered the messages that are counted, and
/// those drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connections are being opened.
    Connecting,
    /// All are open; the server has a bounded time to greet them.
    Greeting,
    /// Load runs, and nothing is counted yet.
    WarmUp,
    /// The measured window begins when the listener returns.
    Measuring,
    /// The measured window has ended; what is in flight may still be answered.
    Draining,
    /// Nothing is in flight, or was waited for in vain. All connections are still open; they are closed
    /// when the listener returns.
    Closing,
}

/// Makes the load that `scenario` describes on the server at `address`, on the calling thread and as many
/// more as the scenario has threads, and tells `observe` of each [`Phase`] as it begins.
///
/// Takes as long as [`Scenario::longest`] at most, and up to 10 s before that to connect.
///
/// # Errors
/// If the scenario is out of bounds, nothing listens at `address`, or the client's own machine lacks
/// descriptors, ports or threads. What the *server* does wrong is not an error but part of the
/// [`Measurement`].
pub fn run(
    address: SocketAddr,
    scenario: &Scenario,
    observe: impl FnMut(Phase),
) -> anyhow::Result<Measurement> {
    run_until(address, scenario, &Handle::new(), observe)?.context("the run was stopped, though nobody could")
}

/// As [`run`], watched and stopped by a [`Handle`]; on this system it cannot.
///
/// # Errors
/// Always: the readiness loop is built on epoll.
#[cfg(not(target_os = "linux"))]
pub fn run_until(
    _address: SocketAddr,
    _scenario: &Scenario,
    _handle: &Handle,
    _observe: impl FnMut(Phase),
) -> anyhow::Result<Option<Measurement>> {
    anyhow::bail!("the load generator needs Linux: its readiness loop is built on epoll; run it there")
}
