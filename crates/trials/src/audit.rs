//! All tests of the models at full size in one run, and a record of their figures.
//!
//! ```text
//!  catalogue at full size ─┐
//!  faults in system calls  │
//!  soak                    ├─► a file each in results/audit ─► the table in SECURITY.md
//!  faults in the I/O       │
//!  stress, interleavings   │
//!  fuzzing                ─┘
//! ```
//!
//! `cargo test` and the gate run the same at a smaller size. Each job is a command that can also be run alone; its file
//! records the command.

pub mod results;
mod steps;
pub mod table;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, fs, io, thread};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use observe::Machine;

use results::{Audit, Entry};
use steps::{Job, jobs};
use text::units::time_left;

pub use steps::{Size, Step};

/// The folder of the newest audit, in the project's folder.
pub const FOLDER: &str = "results/audit";
/// The folder of a quick audit, whose counts are not for the documents.
pub const QUICK_FOLDER: &str = "target/audit";

/// What is to be audited.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which steps, in any order; all if there are none.
    pub steps: Vec<Step>,
    /// How thorough they are.
    pub size: Size,
    /// The models, in the steps that have a model.
    pub models: Vec<String>,
    /// The program whose commands `check`, `faults` and `soak` are run.
    pub launcher: PathBuf,
    /// The folder for the figures.
    pub folder: PathBuf,
}

/// Receives a line when a job begins and when it ends.
type Say<'run> = &'run (dyn Fn(&str) -> io::Result<()> + Sync);

/// Runs the steps, keeps their figures and returns what did not hold. `say` receives a line when a job begins and when
/// it ends.
///
/// # Errors
/// This is not the project's folder, a job cannot be started, a file cannot be written, or `say` fails.
pub fn run(request: &Request, say: Say) -> Result<Vec<Finding>> {
    let Request { steps, size, models, launcher, folder } = request;
    ensure!(Path::new("crates/sockets/loom").exists(), "this is not the project's folder; run it there");
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let chosen = Step::value_variants().iter().filter(|step| steps.is_empty() || steps.contains(step));
    let chosen: Vec<(Step, Vec<Job>)> =
        chosen.map(|&step| (step, jobs(step, size, launcher, models))).collect();
    if let Some(time) = expected(&chosen, &Audit::read(folder)?) {
        say(&format!("about {} and what must be built, as the last time\n", time_left(time)))?;
    }
    let mut findings = Vec::new();
    for (step, jobs) in chosen {
        findings.extend(run_step(step, jobs, folder, say)?);
    }
    Ok(findings)
}

/// How long these jobs took the last time, by their results; `None` if one of them has none.
fn expected(steps: &[(Step, Vec<Job>)], audit: &Audit) -> Option<Duration> {
    let of_step = |(step, jobs): &(Step, Vec<Job>)| {
        let seconds = jobs.iter().map(|job| audit.entry(&job.name).map(|entry| entry.seconds));
        let seconds: Vec<u64> = seconds.collect::<Option<_>>()?;
        // Jobs at once take no less than the longest one, and no less than their share of all.
        let at_once = step.at_once().min(jobs.len()).max(1) as u64;
        Some(seconds.iter().copied().max()?.max(seconds.iter().sum::<u64>() / at_once))
    };
    steps.iter().map(of_step).sum::<Option<u64>>().map(Duration::from_secs)
}

/// A job that did not hold, or could not run.
#[derive(Debug)]
pub struct Finding {
    /// Whether it could not run.
    pub is_skipped: bool,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", if self.is_skipped { "SKIPPED" } else { "NOT HELD" }, self.text)
    }
}

/// Runs the jobs of a step, some at a time, and returns what did not hold.
fn run_step(step: Step, jobs: Vec<Job>, folder: &Path, say: Say) -> Result<Vec<Finding>> {
    let at_once = step.at_once().min(jobs.len());
    let (queue, findings) = (Mutex::new(VecDeque::from(jobs)), Mutex::new(Vec::new()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(job) = next() {
                        if let Some(finding) = run_job(&job, folder, say)? {
                            findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(findings.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Runs one job, keeps its figures in a file, and returns what did not hold.
fn run_job(job: &Job, folder: &Path, say: Say) -> Result<Option<Finding>> {
    let (start, started) = (Instant::now(), SystemTime::now());
    say(&format!("{:<24} {}\n", job.name, job.shown))?;
    let finding = |is_skipped, explanation: &str| {
        Ok(Some(Finding { is_skipped, text: format!("{}: {}{explanation}", job.name, job.shown) }))
    };
    let ran = match job.run() {
        Ok(ran) => ran,
        // The other jobs still run.
        Err(error) => return finding(false, &format!(": {error:#}")),
    };
    if ran.is_skipped {
        say(&format!("{:<24} skipped\n", job.name))?;
        return finding(true, &ran.explanation);
    }
    let entry = Entry {
        command: job.shown.clone(),
        started: humantime::format_rfc3339_seconds(started).to_string(),
        seconds: start.elapsed().as_secs(),
        machine: Machine::this().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        held: ran.held,
        result: ran.result,
    };
    entry.write(folder, &job.name)?;
    let word = if entry.held { "held" } else { "NOT HELD" };
    say(&format!("{:<24} {word} after {} s\n", job.name, entry.seconds))?;
    if entry.held { Ok(None) } else { finding(false, &ran.explanation) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_audit_is_expected_to_take_as_long_as_the_last_one() {
        let models = ["mio", "tokio", "rayon"].map(str::to_owned);
        let steps =
            [Step::Soak, Step::Check].map(|step| (step, jobs(step, &Size::FULL, Path::new("x"), &models)));
        let names = ["soak", "check"].map(|step| models.each_ref().map(|model| format!("{step}-{model}")));
        let entries: Vec<(&str, Value)> =
            names.as_flattened().iter().map(|name| (name.as_str(), Value::Null)).collect();
        // Each took 61 s: the soaks all at once, and the checks, too.
        let audit = Audit::of(&entries);
        assert_eq!(expected(&steps, &audit), Some(Duration::from_secs(61 + 61)));
        assert_eq!(expected(&steps, &Audit::of(&entries[1..])), None);
    }
}
