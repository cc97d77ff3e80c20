//! `audit`: everything that could show a model not to hold, in one command, and the figures of it.
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
//! What an ordinary `cargo test` and the gate do in small, this does in full. Each job is a command that can be
//! run alone, and its file says which one.

pub mod results;
mod steps;
pub mod table;

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use crate::models;
use observe::Machine;
use results::{Audit, Entry};
use steps::{Job, Size, jobs};
use text::output;

/// Where the newest audit lies, in the project's folder.
pub const FOLDER: &str = "results/audit";
/// Where a quick one lies: its counts are not for the record.
const QUICK_FOLDER: &str = "target/audit";

/// Arguments of `audit`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Run it in the project's folder. Examples:
  concurrent-servers audit                       all of it, about an hour
  concurrent-servers audit --only check,faults   two steps; the others keep their figures
  concurrent-servers audit --quick               one place of each fault, some seconds of soak

Needs strace and a C++ compiler. `record --write` then puts the figures of a full audit
into SECURITY.md.

Exit codes: 0 everything held, 1 something did not, 2 wrong arguments, 3 everything that
could be tried held, but something could not.")]
pub struct Arguments {
    /// Only these steps
    #[arg(long, value_name = "STEP,…", value_delimiter = ',', value_enum)]
    only: Vec<Step>,

    /// Only these models, in the steps that have a model
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(models::names()))]
    models: Vec<String>,

    /// In small: minutes instead of an hour
    #[arg(long)]
    quick: bool,

    /// Where the figures are kept [default: results/audit, and target/audit if it is a quick one]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What an audit consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The conformance catalogue, including its long cases
    Check,
    /// Failing system calls, with strace
    Faults,
    /// The catalogue with short reads, short writes and would-blocks made in the process
    Shim,
    /// Random clients, options, faults and shutdowns on every model
    Stress,
    /// All interleavings of the hand-off and of a shutdown, with loom
    Loom,
    /// Fuzz targets
    Fuzz,
    /// All models at once under hostile clients, 20 minutes
    Soak,
}

/// Runs the steps, keeps their figures and prints the table.
///
/// # Errors
/// A job cannot be started, or a file not be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    ensure!(Path::new("crates/chassis/loom").exists(), "this is not the project's folder; run it there");
    let (size, folder) = if arguments.quick { (Size::QUICK, QUICK_FOLDER) } else { (Size::FULL, FOLDER) };
    let folder = arguments.out.as_deref().unwrap_or(Path::new(folder));
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut findings = Vec::new();
    for &step in Step::value_variants() {
        if arguments.only.is_empty() || arguments.only.contains(&step) {
            findings.extend(run_step(step, jobs(step, &size, &arguments.models)?, folder)?);
        }
    }
    output::print(&format!("\n{}", table::terminal(&Audit::read(folder)?)))?;
    for finding in &findings {
        output::print(&format!("{finding}\n"))?;
    }
    Ok(match (findings.is_empty(), findings.iter().all(|finding| finding.is_skipped)) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(3),
        (false, false) => ExitCode::FAILURE,
    })
}

/// A job that did not hold, or could not be tried.
#[derive(Debug)]
struct Finding {
    is_skipped: bool,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", if self.is_skipped { "SKIPPED" } else { "NOT HELD" }, self.text)
    }
}

/// Runs the jobs of a step, some at a time, and returns what did not hold.
fn run_step(step: Step, jobs: Vec<Job>, folder: &Path) -> Result<Vec<Finding>> {
    let at_once = step.at_once().min(jobs.len());
    let (queue, findings) = (Mutex::new(VecDeque::from(jobs)), Mutex::new(Vec::new()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(job) = next() {
                        if let Some(finding) = run_job(&job, folder)? {
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

/// Runs one job, keeps what it found in a file, and says what did not hold.
fn run_job(job: &Job, folder: &Path) -> Result<Option<Finding>> {
    let (start, started) = (Instant::now(), SystemTime::now());
    output::print(&format!("{:<24} {}\n", job.name, job.shown))?;
    let finding = |is_skipped, explanation: &str| {
        Ok(Some(Finding { is_skipped, text: format!("{}: {}{explanation}", job.name, job.shown) }))
    };
    let ran = match job.run() {
        Ok(ran) => ran,
        // The other jobs may still say something.
        Err(error) => return finding(false, &format!(": {error:#}")),
    };
    if ran.is_skipped {
        output::print(&format!("{:<24} skipped\n", job.name))?;
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
    output::print(&format!("{:<24} {word} after {} s\n", job.name, entry.seconds))?;
    if entry.held { Ok(None) } else { finding(false, &ran.explanation) }
}
