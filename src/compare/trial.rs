//! Making a trial: start the server, put it through the scenario, read what it used.

use std::num::NonZeroU32;

use anyhow::Result;
use loadgen::Phase;
use script::Script;

use super::plan::Trial;
use super::record::{Observed, Record, Scenario};
use crate::child::ServerProcess;
use crate::process;

/// Makes one trial. Whatever goes wrong is in the record.
pub fn run(trial: &Trial) -> Record {
    let observed = ServerProcess::start(trial.model.name, &[]).and_then(|server| match &trial.scenario {
        Scenario::Script { connections, pause_divisor } => play(&server, *connections, *pause_divisor),
        Scenario::Load(load) => measure(&server, load),
    });
    Record {
        model: trial.model.name.to_owned(),
        kind: trial.kind,
        round: trial.round,
        scenario: trial.scenario.clone(),
        observed: observed.unwrap_or_else(|error| Observed::Failed { error: format!("{error:#}") }),
    }
}

fn play(server: &ServerProcess, connections: usize, pause_divisor: NonZeroU32) -> Result<Observed> {
    let options =
        script::Options { connections, script: Script::series().faster(pause_divisor), timeout: None };
    let report = script::run(&[server.address()], &options, |_| {})?;
    Ok(Observed::Script {
        elapsed_ns: u64::try_from(report.elapsed.as_nanos()).unwrap_or(u64::MAX),
        failures: report.failures().map(|(client, failure)| format!("conn{client}: {failure}")).collect(),
    })
}

fn measure(server: &ServerProcess, load: &loadgen::Scenario) -> Result<Observed> {
    let (mut before, mut after) = (None, None);
    let measurement = loadgen::run(server.address(), load, |phase| match phase {
        Phase::Measuring => before = process::read(server.pid()).ok(),
        Phase::Closing => after = process::read(server.pid()).ok(),
        _ => {}
    })?;
    let usage = before.zip(after).map(|(before, after)| after.since(&before));
    Ok(Observed::Load { outcome: Box::new(measurement.outcome), usage })
}
