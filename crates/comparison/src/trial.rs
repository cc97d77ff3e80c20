//! Making a trial: start the server, run the scenario, read the server's usage, and what other programs used.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use loadgen::{Dialect, Handle, Phase};
use observe::others::{CpuUse, Others, own_cpu_time};
use observe::{ServerProcess, usage};

use crate::plan::Trial;
use crate::record::{Observed, Record};
use crate::scenario::{Profile, Script};
use crate::servers::Servers;
use crate::subject::{Layout, Role};

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
    /// The CPUs that both may use, together.
    pub cpus: &'run [usize],
    /// The seed of arrivals.
    pub seed: u64,
    /// Ends a trial early. Its record is then not of a whole trial.
    pub stop: &'run Handle,
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
        (None, Some(load)) => measure(&server, load, cpus, conditions),
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

/// Everything that is read when a window begins and when it has ended.
struct Reading {
    at: Instant,
    server: Option<usage::Reading>,
    own: Duration,
    machine: Option<CpuUse>,
}

impl Reading {
    fn now(server: &ServerProcess, cpus: &[usize]) -> Self {
        // The machine and this process last: both are compared with each other.
        let server = usage::read(server.pid()).ok();
        Reading { at: Instant::now(), server, own: own_cpu_time(), machine: CpuUse::now(cpus) }
    }

    /// What other programs than the server and this one used since `before`.
    fn others_since(&self, before: &Reading, server: &usage::Usage) -> Option<Others> {
        let own = self.own.saturating_sub(before.own) + Duration::from_nanos(server.cpu_ns);
        self.machine?.others_since(before.machine.as_ref()?, own)
    }
}

/// `can_use` is how many CPUs the server may use.
#[expect(clippy::cast_precision_loss, reason = "bytes of one process are far below 2^53")]
fn measure(
    server: &ServerProcess,
    load: &loadgen::Scenario,
    can_use: usize,
    conditions: Conditions,
) -> Result<Observed> {
    let read = || Reading::now(server, conditions.cpus);
    let alone = usage::read(server.pid()).ok();
    let (mut before, mut after) = (None, None);
    let measurement = loadgen::run_until(server.address(), load, conditions.stop, |phase| match phase {
        Phase::Measuring => before = Some(read()),
        Phase::Closing => after = Some(read()),
        _ => {}
    })?;
    let mut measurement = measurement.context("it was interrupted")?;
    let connections = (load.connections + load.idle) as f64;
    let memory = |reading: &usage::Reading| reading.anonymous_memory_bytes() as f64;
    let window = before.zip(after);
    let begun = window.as_ref().and_then(|(before, _)| before.server.as_ref());
    let grown = alone.as_ref().zip(begun).map(|(alone, begun)| memory(begun) - memory(alone));
    let usage = window.as_ref().and_then(|(before, after)| {
        Some((after.server.as_ref()?.since(before.server.as_ref()?), after.at - before.at))
    });
    let outcome = &mut measurement.outcome;
    outcome.verdict = match (outcome.verdict.take(), &usage) {
        (Some(verdict), Some((usage, elapsed))) => {
            let cpu_per_second = Duration::from_nanos(usage.cpu_ns).as_secs_f64() / elapsed.as_secs_f64();
            let can_use = usize::try_from(usage.busy_threads)?.min(can_use);
            Some(verdict.with_server(outcome, cpu_per_second, can_use))
        }
        (verdict, _) => verdict,
    };
    let usage = usage.map(|(usage, _)| usage);
    let others = window.zip(usage).and_then(|((before, after), usage)| after.others_since(&before, &usage));
    outcome.verdict = outcome.verdict.take().map(|verdict| verdict.with_others(others));
    Ok(Observed::Load {
        latency_histogram: Some(encoded(&measurement.latency_ns)?),
        outcome: Box::new(measurement.outcome),
        usage,
        others: others.map(|others| others.share),
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
