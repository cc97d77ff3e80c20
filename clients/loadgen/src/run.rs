//! One run, as a caller sees it; `engine` makes the load.

use std::net::SocketAddr;

use anyhow::Context;

use crate::handle::Handle;
use crate::outcome::Measurement;
use crate::phase::Phase;
use crate::scenario::Scenario;

#[cfg(target_os = "linux")]
pub use crate::engine::run_until;

/// Makes the load that `scenario` describes on the server at `address` and calls `observe` as each [`Phase`]
/// begins. The load runs on the calling thread and on as many more as the scenario has threads.
///
/// Takes at most [`Scenario::longest`], and up to 10 s before that to connect.
///
/// # Errors
/// If the scenario is out of bounds, no server listens at `address`, or the client's own machine has too few
/// descriptors, ports or threads. What the *server* does wrong is not an error but part of the
/// [`Measurement`].
pub fn run(
    address: SocketAddr,
    scenario: &Scenario,
    observe: impl FnMut(Phase),
) -> anyhow::Result<Measurement> {
    run_until(address, scenario, &Handle::new(), observe)?
        .context("the run was stopped, although its handle was never shared")
}

/// As [`run`], with a [`Handle`] to watch and to stop it. This build always fails: the target is not Linux.
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
