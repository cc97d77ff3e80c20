//! The server under test, as plain data.

use conformance::{Concurrency, Service};
use observe::ServerCommand;

/// A server that can be started, and what it promises.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What it serves.
    pub service: Service,
    /// How many clients it serves at the same time with its default options.
    pub concurrency: Concurrency,
    /// Whether it hands operations to the kernel, so that strace does not see them, and takes `--operation-faults`.
    pub hands_over: bool,
    /// Connections to another server that it keeps, at most: those to its cache.
    pub connections: usize,
    /// Its command line. In addition to `--addr` and `--quiet` it takes the options that all servers share.
    pub server: ServerCommand,
}
