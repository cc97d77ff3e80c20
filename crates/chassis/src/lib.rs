//! What every server shares and what is not the lesson: options, listener, limits, shutdown, counters,
//! logs. How clients are *served* is the model's own file; nothing here knows the protocol.
//!
//! | idea | where | who uses it |
//! | --- | --- | --- |
//! | command line, the same for all models | [`Options`], [`Knob`] | all |
//! | a listening socket with the right options | [`listen`] | all |
//! | what a failed accept means | [`AcceptPolicy`] | all |
//! | asking a server to stop | [`Shutdown`] | all |
//! | whether a client gets on | [`Progress`] | all |
//! | when a connection may go while the server stops | [`Drain`] | all |
//! | what a slow reader has not taken yet | [`Tail`] | event-driven models |
//! | what happened | [`Counters`], [`Outcome`], [`Summary`] | all |
//! | a blocking accept that can be woken | [`Acceptor`] | models that block |
//! | blocking connections with timeouts, woken at shutdown | [`Connections`], [`Connection`] | models that block |
//! | faults at reads and writes, in debug builds for tests | [`Options::before_read`] | all |
//! | from `main` to exit code | [`main`], [`run`] | the binaries |

// Built with `--cfg loom`, the chassis has no system below it: these modules are left out, and `bell` and
// `system` are stand-ins that the models in `interleavings` can see through.
#[cfg(not(loom))]
mod acceptor;
#[cfg(not(loom))]
mod connections;
#[cfg(not(loom))]
mod run;

mod accept;
#[cfg_attr(loom, path = "interleavings/bell.rs")]
mod bell;
mod clock;
mod connection;
mod counters;
mod drain;
mod handshake;
#[cfg(all(test, loom))]
mod interleavings;
mod limits;
mod listener;
mod logging;
mod options;
mod progress;
mod shared;
mod shim;
mod shutdown;
mod socket;
mod sync;
#[cfg_attr(loom, path = "interleavings/system.rs")]
mod system;
mod tail;

#[cfg(not(loom))]
pub use acceptor::Acceptor;
#[cfg(not(loom))]
pub use connections::Connections;
#[cfg(not(loom))]
pub use run::{Serve, main, run};

pub use accept::{AcceptPolicy, AcceptStep};
pub use clock::Tick;
pub use connection::Connection;
pub use counters::{Counters, Outcome, Summary};
pub use drain::{Drain, DrainStep, has_unread};
pub use limits::{
    DESCRIPTOR_RESERVE, default_max_connections, most_threads, raise_descriptor_limit, require_threads,
};
pub use listener::{BACKLOG, listen};
pub use logging::{LogFormat, LogLimit, init_logging};
pub use options::{Knob, Options, Runtime, Timeout};
pub use progress::{LEAST_PROGRESS, Progress};
#[cfg(debug_assertions)]
pub use shim::{Faults, Shim};
pub use shutdown::Shutdown;
pub use tail::Tail;
