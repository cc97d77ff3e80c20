//! Making the trials of a run, one after the other.

use std::collections::HashSet;

use anyhow::Result;
use observe::pin;

use crate::plan::{Trial, plan};
use crate::progress::Progress;
use crate::record::{Comparison, Observed, Record};
use crate::scenario::Point;
use crate::servers::Servers;
use crate::store::Store;
use crate::subject::Layout;
use crate::trial::{self, Conditions};

/// Makes all trials of the run that have no record yet.
///
/// # Errors
/// A record cannot be written, or the load generator cannot be pinned.
pub fn measure(servers: &Servers, store: &mut Store, comparison: &mut Comparison) -> Result<()> {
    let Comparison { run, records } = comparison;
    let made: HashSet<_> = records.iter().map(key).collect();
    let mut trials = plan(run, servers);
    trials.retain(|trial| {
        !made.contains(&(trial.round, trial.scenario.name.clone(), trial.point, trial.subject.name.clone()))
    });
    if let (Layout::Pinned { client, .. }, false) = (run.layout, trials.is_empty()) {
        pin::pin_to(client)?;
    }
    let conditions = Conditions { servers, profile: &run.profile, layout: run.layout, seed: run.seed };
    if !trials.is_empty() {
        anstream::eprintln!("warming up: the first trials run once and are discarded");
        warm_up(&trials, conditions);
    }
    let mut progress = Progress::new(run, &trials, servers);
    for trial in &trials {
        progress.begin(run, trial, servers);
        let peak_of = trial.scenario.vary.as_ref().and_then(|vary| vary.peak_of.as_deref());
        let peak = peak_of.and_then(|scenario| last_peak(records, scenario, &trial.subject.name));
        let record = trial::run(trial, conditions, peak);
        store.append(&record)?;
        records.push(record);
    }
    progress.end();
    Ok(())
}

/// Makes the first trials and discards them: a machine that has just been idle, or has just compiled, behaves
/// differently from the same machine a minute later, and the first round would differ from all others.
fn warm_up(trials: &[Trial], conditions: Conditions) {
    let mut loads = trials.iter().filter(|trial| trial.scenario.load.is_some()).peekable();
    let Some(first) = loads.peek().map(|trial| (trial.round, trial.scenario, trial.point)) else { return };
    for trial in loads.take_while(|trial| (trial.round, trial.scenario, trial.point) == first) {
        trial::run(trial, conditions, None);
    }
}

/// The key that identifies a trial within a run.
fn key(record: &Record) -> (u32, String, Point, String) {
    (record.round, record.scenario.clone(), record.point, record.subject.clone())
}

/// What the subject last reached in a scenario, in messages a second.
fn last_peak(records: &[Record], scenario: &str, subject: &str) -> Option<f64> {
    let of_subject = |record: &&Record| record.scenario == scenario && record.subject == subject;
    records.iter().rev().filter(of_subject).find_map(|record| match &record.observed {
        Observed::Load { outcome, .. } => Some(outcome.messages_per_second),
        _ => None,
    })
}
