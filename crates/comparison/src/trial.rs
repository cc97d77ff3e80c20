//! Making the trials of a group: start the servers, go from one to the next with the load, and write down what was seen.

use std::thread;

use anyhow::{Context, Result};
use loadgen::{Dialect, Handle, default_threads};

use crate::group::Group;
use crate::plan::Trial;
use crate::record::{Observed, Record};
use crate::running::Running;
use crate::scenario::{Profile, Script, Slices};
use crate::servers::Servers;
use crate::stand_in::StandIn;
use crate::subject::Layout;
use crate::window::{self, Window};

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

/// Makes the trials of one group. `peak_of` is a subject's rate, in messages a second, in the scenario that this one
/// derives its rate from. Failures are part of the records, which are in the order of the trials.
pub fn run(group: &Group, conditions: Conditions, peak_of: impl Fn(&Trial) -> Option<f64>) -> Vec<Record> {
    let start = |trial| Attempt::start(trial, group.slices, conditions, peak_of(trial));
    let mut attempts: Vec<Attempt> = group.trials.iter().map(start).collect();
    for pass in 0..group.passes() {
        for place in group.order(pass) {
            if conditions.stop.is_stopped() {
                break;
            }
            attempts[place].measure(conditions);
        }
    }
    attempts.into_iter().map(|attempt| attempt.record(conditions.layout)).collect()
}

/// A trial that is being made.
struct Attempt<'group> {
    trial: &'group Trial<'group>,
    /// Absent with scripted clients, and where the rate is a share of an unknown peak.
    load: Option<loadgen::Scenario>,
    /// The running server, until something fails.
    server: Result<Running>,
    windows: Vec<Window>,
    played: Option<Observed>,
}

impl<'group> Attempt<'group> {
    fn start(
        trial: &'group Trial,
        slices: Option<Slices>,
        conditions: Conditions,
        peak: Option<f64>,
    ) -> Self {
        let load = load(trial, slices, conditions, peak);
        let server = start(trial, load.as_ref(), conditions);
        Attempt { trial, load, server, windows: Vec::new(), played: None }
    }

    /// Makes one slice of the load, or all of the script. After a failure nothing is done.
    fn measure(&mut self, conditions: Conditions) {
        let Ok(server) = &self.server else { return };
        let measured = match (self.trial.scenario.script, &self.load) {
            (Some(script), _) => play(server, script).map(|observed| self.played = Some(observed)),
            (None, Some(load)) => {
                window::measure(server, load, conditions).map(|window| self.windows.push(window))
            }
            (None, None) => Err(no_peak(self.trial)),
        };
        if let Err(error) = measured {
            self.server = Err(error);
        }
    }

    fn record(self, layout: Layout) -> Record {
        let observed = self.server.and_then(|server| match (self.played, &self.load) {
            (Some(played), _) => Ok(played),
            (None, Some(load)) => window::observed(&server, self.windows, load, cpus_of_server(layout)),
            (None, None) => Err(no_peak(self.trial)),
        });
        let failed = |error: anyhow::Error| Observed::Failed { error: format!("{error:#}") };
        record(self.trial, self.load, observed.unwrap_or_else(failed))
    }
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
        repeated: 0,
        load,
        observed,
    }
}

/// The load of a trial: the scenario's load at this point, in this subject's dialect, with this profile's durations.
fn load(
    trial: &Trial,
    slices: Option<Slices>,
    conditions: Conditions,
    peak: Option<f64>,
) -> Option<loadgen::Scenario> {
    let profile = conditions.profile;
    let mut load = trial.scenario.load_at(trial.point, peak)?;
    if trial.subject.is_raw_echo() {
        load.dialect = Dialect::Echo;
    }
    if let Some(clients) = trial.subject.clients {
        load.connections = load.connections.min(clients);
    }
    if let loadgen::Load::Open { seed, .. } = &mut load.load {
        // All subjects of a round get the same arrivals; each round gets different ones.
        *seed = conditions.seed ^ u64::from(trial.round);
    }
    let at_least = if conditions.layout == Layout::Shared { default_threads() } else { 1 };
    load.threads = load.threads.max(at_least).min(load.connections);
    let window = profile.window(trial.scenario.service);
    load.warm_up_ms = slices.map_or(window.warm_up_ms, |slices| slices.warm_up_ms);
    load.duration_ms = slices.map_or(window.window_ms, |slices| slices.window_ms);
    load.greeting_wait_ms = profile.greeting_wait_ms;
    Some(load)
}

fn start(trial: &Trial, load: Option<&loadgen::Scenario>, conditions: Conditions) -> Result<Running> {
    let cpu = match conditions.layout {
        Layout::Shared => None,
        Layout::Pinned { server, .. } => Some(server),
    };
    let model = &trial.subject.model;
    let server =
        conditions.servers.find(model).with_context(|| format!("no server has the name {model:?}"))?;
    let cache = trial.scenario.cache.map(|cache| {
        let command = conditions.servers.cache.as_ref().context("there is no cache to start")?;
        StandIn::start(command, cache, &load.map(loadgen::Scenario::cached_numbers).unwrap_or_default())
    });
    let of_scenario = trial.scenario.options.iter().filter(|option| server.takes(option));
    let options: Vec<String> = trial.subject.options.iter().chain(of_scenario).cloned().collect();
    Running::start(server, &options, cache.transpose()?, cpu)
}

/// How many CPUs a server may use.
fn cpus_of_server(layout: Layout) -> usize {
    match layout {
        Layout::Shared => thread::available_parallelism().map_or(1, usize::from),
        Layout::Pinned { .. } => 1,
    }
}

fn play(server: &Running, script: Script) -> Result<Observed> {
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

fn no_peak(trial: &Trial) -> anyhow::Error {
    anyhow::anyhow!(
        "the rate is a share of the peak in {}, which was not measured before; add that scenario to the run",
        trial.scenario.vary.as_ref().and_then(|vary| vary.peak_of.as_deref()).unwrap_or("a closed loop")
    )
}
