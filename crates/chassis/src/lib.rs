//! What every server shares and what is not the lesson: options, listener, limits, shutdown, counters,
//! logs. How clients are *served* is the model's own file; nothing here knows the protocol or a connection.
//!
//! | idea | where |
//! | --- | --- |
//! | command line, the same for all models | [`Options`], [`Knob`] |
//! | a listening socket with the right options | [`listen`], [`listen_as`], [`accept`] |
//! | what one `send` carries, and Nagle's algorithm | [`Sending`] |
//! | what ends a request of the prime service | [`Framing`] |
//! | what a failed accept means | [`AcceptPolicy`] |
//! | asking a server to stop | [`Shutdown`] |
//! | what becomes of each number, and when | [`events`] |
//! | what happened | [`Counters`], [`Outcome`], [`Summary`] |
//! | how many connections and threads there may be | [`default_max_connections`], [`most_threads`] |
//! | log lines that never block | [`init_logging`], [`LogLimit`] |
//! | faults at reads and writes, in debug builds for tests | [`Options::before_read`] |
//! | faults at operations that complete later | [`Options::before_operation`], [`OperationFaults`] |
//! | from `main` to exit code | [`main`], [`run`] |

#[cfg(not(loom))]
mod run;

mod accept;
// Built with `--cfg loom`, there is no system below: a stand-in that the models in `sockets` can see through.
#[cfg_attr(loom, path = "bell/stand_in.rs")]
mod bell;
mod counters;
pub mod events;
mod framing;
mod knob;
mod limits;
mod listener;
mod logging;
mod options;
mod outlet;
mod sending;
mod shim;
mod shutdown;
#[cfg(not(loom))]
mod signals;
pub mod sync;

#[cfg(not(loom))]
pub use run::{Serve, main, run};

pub use accept::{AcceptPolicy, AcceptStep};
pub use counters::{Counters, Outcome, Summary};
pub use framing::Framing;
pub use knob::Knob;
pub use limits::{
    DESCRIPTOR_RESERVE, default_max_connections, most_threads, raise_descriptor_limit, require_threads,
};
#[cfg(target_os = "linux")]
pub use listener::listen_beside;
pub use listener::{BACKLOG, accept, listen, listen_as};
pub use logging::{LogLimit, init_logging};
pub use options::{LogFormat, Options, Runtime, Timeout, parse_workers};
pub use sending::{Sending, WritePolicy};
#[cfg(debug_assertions)]
pub use shim::faults::{Faults, Shim};
pub use shim::operations::{Handed, Instead, OperationFaults};
pub use shutdown::Shutdown;
