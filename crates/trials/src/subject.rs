//! Who is tried, as plain data.

use conformance::Concurrency;
use observe::ServerCommand;

/// A server that can be started, and what it promises.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What people call it.
    pub name: String,
    /// How many clients it serves at the same time, as it is set up by default.
    pub concurrency: Concurrency,
    /// How it is started. Beside `--addr` and `--quiet` it takes the options that all servers share.
    pub server: ServerCommand,
}
