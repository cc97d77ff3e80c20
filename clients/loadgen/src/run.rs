//! One run, as a caller sees it; `engine` makes the load.

use anyhow::Context;
use text::addresses::Addresses;

use crate::handle::Handle;
use crate::outcome::Measurement;
use crate::phase::Phase;
use crate::scenario::Scenario;

#[cfg(target_os = "linux")]
pub(crate) use crate::engine::run_at;

/// Makes the load that `scenario` describes on a server and calls `observe` as each [`Phase`] begins. If the server has
/// several addresses, the first one that can be connected to is used for all connections. The load runs on the calling
/// thread and on as many more as the scenario has threads.
///
/// Takes at most the scenario's own times together, up to 10 s before that to connect, and, if nobody is greeted in time,
/// up to 10 s more and the wait for greetings once again.
///
/// # Errors
/// If the scenario is out of bounds, no server can be connected to, or the client's own machine has too few
/// descriptors, ports or threads. What the *server* does wrong is not an error but part of the
/// [`Measurement`].
pub fn run(
    server: impl Into<Addresses>,
    scenario: &Scenario,
    observe: impl FnMut(Phase),
) -> anyhow::Result<Measurement> {
    run_until(server, scenario, &Handle::new(), observe)?
        .context("the run was stopped, although its handle was never shared")
}

/// As [`run`], but ends early when `handle` is stopped: the window ends at once, messages in flight are drained, and
/// the [`Measurement`] covers the shorter window and is marked as interrupted. `None` if the window had not started.
///
/// # Errors
/// As [`run`].
pub fn run_until(
    server: impl Into<Addresses>,
    scenario: &Scenario,
    handle: &Handle,
    observe: impl FnMut(Phase),
) -> anyhow::Result<Option<Measurement>> {
    run_at(&mut server.into(), scenario, handle, observe)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run_at(
    _addresses: &mut Addresses,
    _scenario: &Scenario,
    _handle: &Handle,
    _observe: impl FnMut(Phase),
) -> anyhow::Result<Option<Measurement>> {
    anyhow::bail!("the load generator needs Linux: its readiness loop is built on epoll; run it there")
}
