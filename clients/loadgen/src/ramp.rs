//! The same load with more and more connections.

use std::net::SocketAddr;

use anyhow::ensure;

use crate::{Handle, Measurement, Phase, Scenario, run_until};

/// What one step of a ramp came to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The scenario of this step: the ramp's, with its number of connections.
    pub scenario: Scenario,
    /// What was measured.
    pub measurement: Measurement,
}

/// Runs `scenario` once for each of these numbers of connections, one after the other, and tells `observe` of
/// each phase of each step.
///
/// A step with fewer connections than the scenario has threads uses as many threads as it has connections.
/// Whether this machine has descriptors and ports for the largest step is checked before the first one.
///
/// # Errors
/// As [`run`](crate::run), and if there is no step.
pub fn ramp(
    address: SocketAddr,
    scenario: &Scenario,
    connections: &[usize],
    observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Vec<Step>> {
    ramp_until(address, scenario, connections, &Handle::new(), observe)
}

/// As [`ramp`], but ends early when `handle` is stopped: the last step may be an interrupted one, and those that
/// had not come to their measured window are missing.
///
/// # Errors
/// As [`ramp`].
pub fn ramp_until(
    address: SocketAddr,
    scenario: &Scenario,
    connections: &[usize],
    handle: &Handle,
    mut observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Vec<Step>> {
    ensure!(!connections.is_empty(), "a ramp needs at least one number of connections");
    let scenarios: Vec<Scenario> = connections.iter().map(|&count| step(scenario, count)).collect();
    for scenario in &scenarios {
        scenario.validate()?;
        #[cfg(target_os = "linux")]
        crate::limits::make_room(address, scenario)?;
    }
    let mut steps = Vec::with_capacity(scenarios.len());
    for scenario in scenarios {
        if handle.is_stopped() {
            break;
        }
        let measurement = run_until(address, &scenario, handle, |phase| observe(&scenario, phase))?;
        steps.extend(measurement.map(|measurement| Step { scenario, measurement }));
    }
    Ok(steps)
}

fn step(scenario: &Scenario, connections: usize) -> Scenario {
    // Zero connections are refused by name when the scenario is validated.
    Scenario { connections, threads: scenario.threads.min(connections.max(1)), ..scenario.clone() }
}
