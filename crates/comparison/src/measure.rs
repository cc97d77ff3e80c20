//! Making the trials of a run, one group after the other.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use loadgen::Handle;
use observe::pin;
use observe::program::Watched;
use text::output;

use crate::disturbance::warning_before;
use crate::group::{Group, groups};
use crate::plan::{Trial, plan};
use crate::progress::Progress;
use crate::provenance::check_resumable;
use crate::record::{Comparison, Key, Observed, Record, Run};
use crate::repeat::Repeats;
use crate::scenario::Slices;
use crate::servers::Servers;
use crate::store::Store;
use crate::subject::Layout;
use crate::trial::{self, Conditions};

/// How measuring ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All trials have been made.
    Whole,
    /// It was stopped before all trials had been made.
    Stopped {
        /// Trials that have a record.
        made: usize,
        /// Trials of the whole run.
        planned: usize,
    },
}

/// Takes up the run in this folder: nobody else may write to it from now on.
///
/// # Errors
/// There is no run in it, another process is writing to it, it was begun on another machine or with another program, or
/// it cannot be read or written.
pub fn resume(folder: &Path, servers: &Servers) -> Result<(Store, Comparison)> {
    let (store, comparison) = Store::resume(folder)?;
    check_resumable(&comparison.run, servers)?;
    Ok((store, comparison))
}

/// Makes all trials of the run that have no record yet, until `stop` is stopped. Trials that are being made then get no
/// records. Of a group that was written in part, only the missing trials are made.
///
/// # Errors
/// A record cannot be written, the load generator cannot be pinned, or a server's program has been replaced since.
pub fn measure(
    servers: &Servers,
    store: &mut Store,
    comparison: &mut Comparison,
    stop: &Handle,
) -> Result<End> {
    let Comparison { run, records } = comparison;
    let made: HashSet<Key> = records.iter().map(Record::key).collect();
    let mut trials = plan(run, servers);
    let planned = trials.len();
    trials.retain(|trial| !made.contains(&trial.key()));
    if trials.is_empty() {
        return Ok(End::Whole);
    }
    let programs: Vec<Watched> = servers.programs().into_iter().map(Watched::now).collect();
    let cpus = cpus(run);
    if let Some(warning) = warning_before(&cpus) {
        output::note(&warning);
    }
    pin_generator(run)?;
    let conditions =
        Conditions { servers, profile: &run.profile, layout: run.layout, cpus: &cpus, seed: run.seed, stop };
    let groups = groups(trials, &run.profile);
    let mut progress = Progress::new(run, &groups, servers);
    output::note(&format!("{}; warming up: the first trials run once and are discarded", progress.plan()));
    warm_up(&groups, conditions);
    let mut repeats = Repeats::of(groups.len());
    for group in &groups {
        if stop.is_stopped() {
            break;
        }
        progress.begin(run, group, servers);
        let peak_of = |trial: &Trial| {
            let scenario = trial.scenario.vary.as_ref()?.peak_of.as_deref()?;
            last_peak(records, scenario, &trial.subject.name)
        };
        let made = repeats.make(|| trial::run(group, conditions, peak_of));
        // What stops this process may also have ended a server, so even a failure says nothing.
        if stop.is_stopped() {
            break;
        }
        programs.iter().try_for_each(Watched::check)?;
        progress.end_group(&made);
        store.append(&made)?;
        records.extend(made);
    }
    progress.end();
    let made = records.len();
    Ok(if stop.is_stopped() && made < planned { End::Stopped { made, planned } } else { End::Whole })
}

/// Makes a whole run without a folder and without showing how far it is, until `stop` is stopped.
///
/// # Errors
/// The load generator cannot be pinned.
pub(crate) fn in_memory(servers: &Servers, run: &Run, stop: &Handle) -> Result<Vec<Record>> {
    let cpus = cpus(run);
    pin_generator(run)?;
    let conditions =
        Conditions { servers, profile: &run.profile, layout: run.layout, cpus: &cpus, seed: run.seed, stop };
    let groups = groups(plan(run, servers), &run.profile);
    warm_up(&groups, conditions);
    let mut repeats = Repeats::of(groups.len());
    let mut records = Vec::new();
    for group in groups.iter().take_while(|_| !stop.is_stopped()) {
        records.extend(repeats.make(|| trial::run(group, conditions, |_| None)));
    }
    Ok(records)
}

/// Pins this process to the CPU of the load generator, if it has one.
fn pin_generator(run: &Run) -> Result<()> {
    match run.layout {
        Layout::Pinned { client, .. } => pin::pin_to(client),
        Layout::Shared => Ok(()),
    }
}

/// The CPUs that server and load generator may use, together; empty where the system does not say.
fn cpus(run: &Run) -> Vec<usize> {
    match run.layout {
        Layout::Shared => pin::allowed().unwrap_or_default(),
        Layout::Pinned { server, client } => vec![server, client],
    }
}

/// Makes one slice of the first load for each subject and discards it: a machine that has just been idle, or has just
/// compiled, behaves differently from the same machine a minute later, and the first round would differ from all others.
fn warm_up(groups: &[Group], conditions: Conditions) {
    let is_load = |group: &&Group| group.trials[0].scenario.load.is_some();
    let Some(first) = groups.iter().find(is_load) else { return };
    for group in groups.iter().filter(is_load).take_while(|group| group.place() == first.place()) {
        if conditions.stop.is_stopped() {
            return;
        }
        let slices = group.slices.map(|slices| Slices { passes: 1, ..slices });
        trial::run(&Group { slices, ..group.clone() }, conditions, |_| None);
    }
}

/// What the subject last reached in a scenario, in messages a second.
fn last_peak(records: &[Record], scenario: &str, subject: &str) -> Option<f64> {
    let of_subject = |record: &&Record| record.scenario == scenario && record.subject == subject;
    records.iter().rev().filter(of_subject).find_map(|record| match &record.observed {
        Observed::Load { outcome, .. } => Some(outcome.messages_per_second),
        _ => None,
    })
}
