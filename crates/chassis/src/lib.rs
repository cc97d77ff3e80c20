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
//! | what happened | [`Counters`], [`Outcome`], [`Summary`] | all |
//! | a blocking accept that can be woken | [`Acceptor`] | models that block |
//! | blocking connections with timeouts, woken at shutdown | [`Connections`], [`Connection`] | models that block |
//! | from `main` to exit code | [`main`], [`run`] | the binaries |

mod accept;
mod acceptor;
mod bell;
mod clock;
mod connection;
mod connections;
mod counters;
mod drain;
mod handshake;
mod limits;
mod listener;
mod logging;
mod options;
mod progress;
mod run;
mod shared;
mod shutdown;
mod socket;
mod sync;
mod system;

pub use acceptor::Acceptor;
pub use connections::Connections;
pub use run::{Serve, main, run};

pub use accept::{AcceptPolicy, AcceptStep};
pub use clock::Tick;
pub use connection::Connection;
pub use counters::{Counters, Outcome, Summary};
pub use drain::{Drain, DrainStep};
pub use limits::{DESCRIPTOR_RESERVE, default_max_connections, most_threads, raise_descriptor_limit};
pub use listener::{BACKLOG, listen};
pub use logging::{LogFormat, LogLimit, init_logging};
pub use options::{Knob, Options, Runtime, Timeout};
pub use progress::{LEAST_PROGRESS, Progress};
pub use shutdown::Shutdown;
