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

/// What a ramp has measured.
#[derive(Debug)]
pub struct Ramp {
    /// The steps that were measured.
    pub steps: Vec<Step>,
    /// Why the steps after these are missing: a step could not be run. Absent if the handle was stopped.
    pub failure: Option<anyhow::Error>,
}

/// Runs `scenario` once for each of these numbers of connections, one after the other, and calls `observe` at
/// the start of each phase of each step.
///
/// A step with fewer connections than the scenario has threads uses as many threads as it has connections.
/// Before the first step, all steps are checked against this machine's limits of descriptors and ports.
/// If a step cannot be run, say because the server has gone, the steps before it are kept.
///
/// # Errors
/// A step is out of bounds or exceeds this machine's limits, or `connections` is empty.
pub fn ramp(
    server: impl Into<Addresses>,
    scenario: &Scenario,
    connections: &[usize],
    observe: impl FnMut(&Scenario, Phase),
) -> anyhow::Result<Ramp> {
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
) -> anyhow::Result<Ramp> {
    // The first step decides which of several addresses all of them use, among those that suit each step.
    let mut addresses = server.into();
    ensure!(!connections.is_empty(), "a ramp needs at least one number of connections");
    let scenarios: Vec<Scenario> = connections.iter().map(|&count| scenario.step(count)).collect();
    for scenario in &scenarios {
        scenario.validate()?;
        #[cfg(target_os = "linux")]
        {
            addresses = crate::limits::make_room(&addresses, scenario)?.addresses;
        }
    }
    let mut steps = Vec::with_capacity(scenarios.len());
    for scenario in scenarios {
        if handle.is_stopped() {
            break;
        }
        match run_at(&mut addresses, &scenario, handle, |phase| observe(&scenario, phase)) {
            Ok(measurement) => steps.extend(measurement.map(|measurement| Step { scenario, measurement })),
            Err(error) => {
                return Ok(Ramp { steps, failure: Some(named(error, &scenario, connections)) });
            }
        }
    }
    Ok(Ramp { steps, failure: None })
}

/// In a ramp of several steps an error says which one it ended.
fn named(error: anyhow::Error, scenario: &Scenario, connections: &[usize]) -> anyhow::Error {
    if connections.len() == 1 {
        return error;
    }
    error.context(format!("the ramp ended at {} connections", scenario.connections))
}
