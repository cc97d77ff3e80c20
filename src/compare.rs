//! `compare`: all models side by side, in rounds.
//!
//! ```text
//!  scenario ─┐
//!  subject  ─┼► plan ──► trial ──► record ──► store        on disk after every trial
//!  machine  ─┘                        │
//!                                     └─────► analysis ──► table, report, baseline
//! ```
//!
//! [`scenario`] is what is asked, as data; [`subject`] is who is asked. [`mod@plan`] orders the trials, [`trial`]
//! makes one on a freshly started server, [`record`] is what it leaves behind and [`store`] where. What all
//! records say together is [`analysis`], and everything that is shown is drawn from that.

pub mod analysis;
pub mod baseline;
pub mod plan;
pub mod progress;
pub mod record;
pub mod report;
pub mod scenario;
pub mod show;
pub mod store;
pub mod subject;
pub mod table;
pub mod trial;

#[cfg(test)]
pub(crate) mod example;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use clap::builder::PossibleValuesParser;

use observe::Machine;
use observe::pin;
use text::output;

use crate::models;
use plan::plan;
use progress::Progress;
use record::{Comparison, FORMAT, Record, Run};
use scenario::{Catalogue, EMBEDDED};
use show::Show;
use store::Store;
use subject::{Layout, subjects};
use trial::Conditions;

/// Arguments of `compare`.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
#[command(after_help = "\
Examples:
  concurrent-servers compare                       with intervals, in less than 4 minutes
  concurrent-servers compare mio tokio             two of them, beside the floors
  concurrent-servers compare --quick               a look, in less than 40 s
  concurrent-servers compare --only ping-pong      one scenario
  concurrent-servers compare --resume runs/2026…   goes on with a run that was interrupted
  concurrent-servers compare --from runs/2026…     shows a recorded run
  concurrent-servers compare --baseline runs/2026… fails if a model has become worse since then

Exit codes: 0 every reply was right, 1 one was wrong or missing, a model did not start, one is
worse than in the baseline, or what was asked cannot be done, 2 wrong arguments. Clients that a
model never serves beside others are a result, not an error.")]
pub struct Arguments {
    /// The models to compare [default: all]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names()), hide_possible_values = true)]
    models: Vec<String>,

    /// A look, in less than 40 s: few scenarios, too few rounds for intervals
    #[arg(long, conflicts_with = "full")]
    quick: bool,

    /// A run for the record: all scenarios, long windows, many rounds; about 25 minutes
    #[arg(long)]
    full: bool,

    /// Only these scenarios, such as ping-pong,churn
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Other scenarios than those that come with this program; they print with --print-scenarios
    #[arg(long, value_name = "FILE")]
    scenarios: Option<PathBuf>,

    /// Print the scenarios that come with this program, and measure nothing
    #[arg(long)]
    print_scenarios: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long)]
    pin: bool,

    /// What the order of trials and the arrivals of open loops are drawn from [default: the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The folder that the run is written to [default: runs/ and the time]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Go on with an interrupted run in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "quick", "full", "only", "scenarios", "pin", "seed", "out"])]
    resume: Option<PathBuf>,

    /// Draw table and report of the recorded run in this folder, and measure nothing
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "quick", "full", "only", "scenarios", "pin", "seed", "out", "resume"])]
    from: Option<PathBuf>,

    #[command(flatten)]
    show: Show,
}

/// Tries every model and prints what came of it.
///
/// # Errors
/// The arguments ask for what cannot be done, or the results cannot be written. What goes wrong with a model is part of the results.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.print_scenarios {
        output::print(EMBEDDED)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &arguments.from {
        let comparison = store::load(folder)?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        return arguments.show.show(folder, &comparison, baseline.as_ref());
    }
    let (mut store, mut comparison, baseline) = if let Some(folder) = &arguments.resume {
        let (store, comparison) = Store::resume(folder)?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        (store, comparison, baseline)
    } else {
        let run = arguments.ask()?;
        // Refused before a folder is made.
        let baseline = arguments.show.baseline(&run)?;
        let folder = Path::new("runs").join(run.started.replace(':', "-"));
        let folder = arguments.out.as_ref().unwrap_or(&folder);
        (Store::create(folder, &run)?, Comparison { run, records: Vec::new() }, baseline)
    };
    let folder = store.folder().display();
    anstream::eprintln!(
        "written to {folder} as it goes; if interrupted, go on with compare --resume {folder}"
    );
    measure(&mut store, &mut comparison)?;
    arguments.show.show(store.folder(), &comparison, baseline.as_ref())
}

/// What a run of all models for the record is.
///
/// # Errors
/// It is to be pinned, and there is one CPU only.
pub fn full_run(pin: bool) -> Result<Run> {
    Arguments { full: true, pin, ..Arguments::default() }.ask()
}

/// Makes all trials of the run that have no record yet.
///
/// # Errors
/// A record cannot be written, or the load generator cannot be pinned.
pub fn measure(store: &mut Store, comparison: &mut Comparison) -> Result<()> {
    let Comparison { run, records } = comparison;
    let made: HashSet<_> = records.iter().map(key).collect();
    let mut trials = plan(run);
    trials.retain(|trial| {
        !made.contains(&(trial.round, trial.scenario.name.clone(), trial.point, trial.subject.name.clone()))
    });
    if let (Layout::Pinned { client, .. }, false) = (run.layout, trials.is_empty()) {
        pin::pin_to(client)?;
    }
    let conditions = Conditions { profile: &run.profile, layout: run.layout, seed: run.seed };
    if !trials.is_empty() {
        anstream::eprintln!("warming up: the first trials are made once and forgotten");
        warm_up(&trials, conditions);
    }
    let mut progress = Progress::new(run, &trials);
    for trial in &trials {
        progress.begin(run, trial);
        let peak_of = trial.scenario.vary.as_ref().and_then(|vary| vary.peak_of.as_deref());
        let peak = peak_of.and_then(|scenario| last_peak(records, scenario, &trial.subject.name));
        let record = trial::run(trial, conditions, peak);
        store.append(&record)?;
        records.push(record);
    }
    progress.end();
    Ok(())
}

/// Makes the first trials and forgets them: a machine that has just been idle, or has just compiled, is another
/// one than a minute later, and would make the first round unlike all others.
fn warm_up(trials: &[plan::Trial], conditions: Conditions) {
    let mut loads = trials.iter().filter(|trial| trial.scenario.load.is_some()).peekable();
    let Some(first) = loads.peek().map(|trial| (trial.round, trial.scenario, trial.point)) else { return };
    for trial in loads.take_while(|trial| (trial.round, trial.scenario, trial.point) == first) {
        trial::run(trial, conditions, None);
    }
}

/// What tells one trial of a run from all others.
fn key(record: &Record) -> (u32, String, scenario::Point, String) {
    (record.round, record.scenario.clone(), record.point, record.subject.clone())
}

/// What the subject last reached in a scenario, in messages a second.
fn last_peak(records: &[Record], scenario: &str, subject: &str) -> Option<f64> {
    let of_subject = |record: &&Record| record.scenario == scenario && record.subject == subject;
    records.iter().rev().filter(of_subject).find_map(|record| match &record.observed {
        record::Observed::Load { outcome, .. } => Some(outcome.messages_per_second),
        _ => None,
    })
}

impl Arguments {
    /// What these arguments ask for, on this machine, now.
    fn ask(&self) -> Result<Run> {
        let catalogue = match &self.scenarios {
            None => Catalogue::parse(EMBEDDED)?,
            Some(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("cannot read the scenarios in {}", path.display()))?;
                Catalogue::parse(&text).with_context(|| path.display().to_string())?
            }
        };
        let profile_name = match (self.quick, self.full) {
            (true, _) => "quick",
            (_, true) => "full",
            _ => "default",
        };
        let mut profile = catalogue.profile(profile_name)?.clone();
        if !self.only.is_empty() {
            for name in &self.only {
                ensure!(
                    profile.rounds.contains_key(name),
                    "there is no scenario {name:?} in the profile {profile_name:?}, only {}",
                    profile.rounds.keys().map(String::as_str).collect::<Vec<&str>>().join(", ")
                );
            }
            profile.rounds.retain(|name, _| self.only.contains(name));
        }
        let scenarios = catalogue.scenarios_of(&profile);
        let clients =
            scenarios.iter().filter_map(|scenario| scenario.load.as_ref()).map(|load| load.connections);
        let layout = if self.pin { pinned()? } else { Layout::Shared };
        Ok(Run {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command(),
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 48)),
            layout,
            machine: Machine::this(),
            profile_name: profile_name.to_owned(),
            subjects: subjects(&self.models, clients.max().unwrap_or(1)),
            scenarios,
            profile,
        })
    }

    /// The command that asks for the same, wherever it writes to.
    fn command(&self) -> String {
        let mut words = vec!["cargo run --release -- compare".to_owned()];
        words.extend(self.models.iter().cloned());
        for (option, is_set) in [("--quick", self.quick), ("--full", self.full), ("--pin", self.pin)] {
            words.extend(is_set.then(|| option.to_owned()));
        }
        if !self.only.is_empty() {
            words.push(format!("--only {}", self.only.join(",")));
        }
        if let Some(name) = self.scenarios.as_deref().and_then(Path::file_name) {
            words.push(format!("--scenarios {}", name.to_string_lossy()));
        }
        words.extend(self.seed.map(|seed| format!("--seed {seed}")));
        words.join(" ")
    }
}

/// The first CPU for the server and the second one for the load generator.
fn pinned() -> Result<Layout> {
    let cpus = pin::allowed()?;
    ensure!(
        cpus.len() >= 2,
        "--pin needs two CPUs, but this program may use {} only; allow it another one (taskset), or leave --pin out",
        cpus.len()
    );
    Ok(Layout::Pinned { server: cpus[0], client: cpus[1] })
}
