//! The same load with an increasing number of connections.

use anyhow::ensure;
use text::addresses::Addresses;

use crate::handle::Handle;
use crate::outcome::Measurement;
use crate::phase::Phase;
use crate::run::run_at;
use crate::scenario::Scenario;

/// One step of a ramp and its result.
#[derive(Clone, Debug)]
pub struct Step {
    /// The scenario of this step: the ramp's, with its number of connections.
    pub scenario: Scenario,
    /// What was measured.
    pub measurement: Measurement,
}

/// Runs `scenario` once for each of these numbers of connections, one after the other, and calls `observe` at
/// the start of each phase of each step.
///
/// A step with fewer connections than the scenario has threads uses as many threads as it has connections.
/// Before the first step, all steps are checked against this machine's limits of descriptors and ports.
///
/// # Errors
/// As [`run`](crate::run()), and if `connections` is empty.
pub fn ramp(
    server: impl Into<Addresses>,
    scenario: &Scenario,
    connections: &[usize],
    observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Vec<Step>> {
    ramp_until(server, scenario, connections, &Handle::new(), observe)
}

/// As [`ramp`], but ends early when `handle` is stopped: the last step may be interrupted, and steps that had not
/// reached their measured window are missing.
///
/// # Errors
/// As [`ramp`].
pub fn ramp_until(
    server: impl Into<Addresses>,
    scenario: &Scenario,
    connections: &[usize],
    handle: &Handle,
    mut observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Vec<Step>> {
    // The first step decides which of several addresses all of them use.
    let mut addresses = server.into();
    ensure!(!connections.is_empty(), "a ramp needs at least one number of connections");
    let scenarios: Vec<Scenario> = connections.iter().map(|&count| step(scenario, count)).collect();
    for scenario in &scenarios {
        scenario.validate()?;
        #[cfg(target_os = "linux")]
        crate::limits::make_room(&addresses, scenario)?;
    }
    let mut steps = Vec::with_capacity(scenarios.len());
    for scenario in scenarios {
        if handle.is_stopped() {
            break;
        }
        let measurement = run_at(&mut addresses, &scenario, handle, |phase| observe(&scenario, phase))?;
        steps.extend(measurement.map(|measurement| Step { scenario, measurement }));
    }
    Ok(steps)
}

fn step(scenario: &Scenario, connections: usize) -> Scenario {
    // Zero connections are rejected when the scenario is validated.
    Scenario { connections, threads: scenario.threads.min(connections.max(1)), ..scenario.clone() }
}
