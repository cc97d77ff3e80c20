//! Making a trial: start the server, run the scenario, read the server's usage.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use loadgen::{Dialect, Phase};

use crate::plan::Trial;
use crate::record::{Observed, Record};
use crate::scenario::{Profile, Script};
use crate::subject::{Layout, Role};
use observe::ServerProcess;
use observe::usage;

use crate::servers::Servers;

/// Percentiles within 1 % are precise enough for a chart, and take a tenth of the space on disk.
const RECORDED_DIGITS: u8 = 2;

/// The conditions of trials, the same for a whole run.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'run> {
    /// The servers and their command lines.
    pub servers: &'run Servers,
    /// Windows and waits.
    pub profile: &'run Profile,
    /// The CPUs of the server and the load generator.
    pub layout: Layout,
    /// The seed of arrivals.
    pub seed: u64,
}

/// Makes one trial. `peak` is the subject's rate, in messages a second, in the scenario that this one derives its rate
/// from. Failures are part of the record.
pub fn run(trial: &Trial, conditions: Conditions, peak: Option<f64>) -> Record {
    let load = load(trial, conditions, peak);
    let observed = observe(trial, conditions, load.as_ref());
    record(trial, load, observed.unwrap_or_else(|error| Observed::Failed { error: format!("{error:#}") }))
}

/// The record of a trial with this observation.
pub(crate) fn record(trial: &Trial, load: Option<loadgen::Scenario>, observed: Observed) -> Record {
    Record {
        round: trial.round,
        scenario: trial.scenario.name.clone(),
        point: trial.point,
        subject: trial.subject.name.clone(),
        divided_by: trial.divided_by.map(str::to_owned),
        turn: trial.turn,
        load,
        observed,
    }
}

/// The load of a trial: the scenario's load at this point, in this subject's dialect, with this profile's durations.
fn load(trial: &Trial, conditions: Conditions, peak: Option<f64>) -> Option<loadgen::Scenario> {
    let mut load = trial.scenario.load_at(trial.point, peak)?;
    if trial.subject.role != Role::Model {
        load.dialect = Dialect::Echo;
    }
    if let Some(clients) = trial.subject.clients {
        load.connections = load.connections.min(clients);
    }
    if let loadgen::Load::Open { seed, .. } = &mut load.load {
        // All subjects of a round get the same arrivals; each round gets different ones.
        *seed = conditions.seed ^ u64::from(trial.round);
    }
    load.threads = load.threads.min(load.connections);
    load.warm_up_ms = conditions.profile.warm_up_ms;
    load.duration_ms = conditions.profile.window_ms;
    load.greeting_wait_ms = conditions.profile.greeting_wait_ms;
    Some(load)
}

fn observe(trial: &Trial, conditions: Conditions, load: Option<&loadgen::Scenario>) -> Result<Observed> {
    let (cpu, cpus) = match conditions.layout {
        Layout::Shared => (None, thread::available_parallelism().map_or(1, usize::from)),
        Layout::Pinned { server, .. } => (Some(server), 1),
    };
    let model = &trial.subject.model;
    let server =
        conditions.servers.find(model).with_context(|| format!("no server has the name {model:?}"))?;
    let server = ServerProcess::start_on(cpu, &server.command, &[])?;
    match (&trial.scenario.script, load) {
        (Some(script), _) => play(&server, *script),
        (None, Some(load)) => measure(&server, load, cpus),
        (None, None) => anyhow::bail!(
            "the rate is a share of the peak in {}, which was not measured before; add that scenario to the run",
            trial.scenario.vary.as_ref().and_then(|vary| vary.peak_of.as_deref()).unwrap_or("a closed loop")
        ),
    }
}

fn play(server: &ServerProcess, script: Script) -> Result<Observed> {
    let options = script::Options {
        connections: script.connections,
        script: script::Script::series().faster(script.pause_divisor),
        timeout: None,
    };
    let report = script::run(&server.address().into(), &options, |_| {})?;
    Ok(Observed::Script {
        elapsed_ns: u64::try_from(report.elapsed.as_nanos()).unwrap_or(u64::MAX),
        failures: report.failures().map(|(client, failure)| format!("conn{client}: {failure}")).collect(),
    })
}

/// `cpus` is how many the server may use.
#[expect(clippy::cast_precision_loss, reason = "bytes of one process are far below 2^53")]
fn measure(server: &ServerProcess, load: &loadgen::Scenario, cpus: usize) -> Result<Observed> {
    let read = || usage::read(server.pid()).ok();
    let alone = read();
    let (mut before, mut after) = (None, None);
    let (mut begun, mut ended) = (Instant::now(), Instant::now());
    let mut measurement = loadgen::run(server.address(), load, |phase| match phase {
        Phase::Measuring => (before, begun) = (read(), Instant::now()),
        Phase::Closing => (ended, after) = (Instant::now(), read()),
        _ => {}
    })?;
    let connections = (load.connections + load.idle) as f64;
    let memory = |reading: &usage::Reading| reading.anonymous_memory_bytes() as f64;
    let grown = alone.zip(before.as_ref()).map(|(alone, before)| memory(before) - memory(&alone));
    let usage = before.zip(after).map(|(before, after)| after.since(&before));
    let outcome = &mut measurement.outcome;
    outcome.verdict = match (outcome.verdict.take(), &usage) {
        (Some(verdict), Some(usage)) => {
            let cpu_per_second =
                Duration::from_nanos(usage.cpu_ns).as_secs_f64() / (ended - begun).as_secs_f64();
            let can_use = usize::try_from(usage.busy_threads)?.min(cpus);
            Some(verdict.with_server(outcome, cpu_per_second, can_use))
        }
        (verdict, _) => verdict,
    };
    Ok(Observed::Load {
        latency_histogram: Some(encoded(&measurement.latency_ns)?),
        outcome: Box::new(measurement.outcome),
        usage,
        memory_per_connection_bytes: (load.load != loadgen::Load::Churn)
            .then_some(grown)
            .flatten()
            .map(|bytes| bytes.max(0.0) / connections),
    })
}

fn encoded(latency_ns: &Histogram<u64>) -> Result<String> {
    let mut coarse = Histogram::new_with_bounds(latency_ns.low(), latency_ns.high(), RECORDED_DIGITS)
        .context("cannot create a histogram for the record")?;
    coarse.add(latency_ns).context("cannot add latencies for the record")?;
    loadgen::histogram::encode(&coarse)
}
