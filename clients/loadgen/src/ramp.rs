//! The same load with more and more connections.

use std::net::SocketAddr;

use anyhow::ensure;

use crate::{Measurement, Phase, Scenario, run};

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
/// As [`run`], and if there is no step.
pub fn ramp(
    address: SocketAddr,
    scenario: &Scenario,
    connections: &[usize],
    mut observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Vec<Step>> {
    ensure!(!connections.is_empty(), "a ramp needs at least one number of connections");
    let scenarios: Vec<Scenario> = connections.iter().map(|&count| step(scenario, count)).collect();
    for scenario in &scenarios {
        scenario.validate()?;
        #[cfg(target_os = "linux")]
        crate::limits::make_room(address, scenario)?;
    }
    let measure = |scenario: Scenario| {
        let measurement = run(address, &scenario, |phase| observe(&scenario, phase))?;
        Ok(Step { scenario, measurement })
    };
    scenarios.into_iter().map(measure).collect()
}

fn step(scenario: &Scenario, connections: usize) -> Scenario {
    // Zero connections are refused by name when the scenario is validated.
    Scenario { connections, threads: scenario.threads.min(connections.max(1)), ..scenario.clone() }
}
