//! The cases of the catalogue about bytes, on every model, against servers whose reads and writes are sometimes short,
//! interrupted or refused (`--shim`, see the chassis' `shim.rs`). One trial for each model, case and seed, such as
//! `mio::A3::1`; a new row in the registry adds its trials.
//!
//! `SHIM_SEEDS=20 cargo test --test shim` tries more seeds than the default. The output ends with a machine-readable line
//! for each model: `shim MODEL: N faults, N cases passed, N failed; ` and the faults by kind. A model without faults of
//! some kind fails: a shim that never fires proves nothing. (Only faults in servers that the suite starts are counted;
//! those that a case starts by itself also have faults, but keep their log.)

mod seeds;
mod skips;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use concurrent_servers::models::{MODELS, Model, PRIMES};
use conformance::{Case, Launch, Needs, Options, Outcome, Server, Settings, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use trials::Launcher;

/// Whole groups and single cases: exact bytes, orderly ends, and the effect of one client's end on others. Not included
/// are cases that count memory, CPU time or log lines, that wait for long timeouts, and G5, whose panic text must
/// arrive in one read, as must each number in P9. The longest case is first, so that the others can run beside it.
const CASES: &[&str] = &[
    "F1", "A", "B", "C", "D", "E", "F4", "F6", "F8", "H2", "H5", "I", "U", "P1", "P2", "P3", "P4", "P5",
    "P7", "P8", "P11", "P13", "P17", "P20",
];

/// The default number of seeds. Each takes half a minute, because cases mostly wait.
const SEEDS: u64 = 1;

/// As many as in `conformance.rs`, for the same reason.
const THREADS: usize = 12;

/// Faults by their kind, as a server names them.
type Faults = BTreeMap<String, u64>;

/// The results of each model so far.
static TALLIES: Mutex<BTreeMap<&str, Tally>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Tally {
    faults: Faults,
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let seeds = match seeds::seeds("SHIM_SEEDS", SEEDS) {
        Ok(seeds) => seeds,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let mut trials = Vec::new();
    for case in CASES.iter().flat_map(|name| conformance::find(name)) {
        for model in MODELS.iter().chain(PRIMES).filter(|model| model.service == case.service()) {
            trials.extend((1..=seeds).map(|seed| trial(model, case, seed)));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let is_whole = conclusion.num_filtered_out == 0;
    let all_kinds = tallies().iter().fold(true, |all_kinds, (model, tally)| tell(model, tally) && all_kinds);
    if is_whole && !all_kinds {
        eprintln!("a model had no fault of some kind: the shim is not called everywhere");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Prints a model's line, and returns whether it had faults of every kind.
fn tell(model: &str, tally: &Tally) -> bool {
    let Tally { faults, passed, failed } = tally;
    let kinds: Vec<_> = faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let sum: u64 = faults.values().sum();
    println!("shim {model}: {sum} faults, {passed} cases passed, {failed} failed; {}", kinds.join(", "));
    !faults.is_empty() && faults.values().all(|&count| count > 0)
}

fn tallies() -> MutexGuard<'static, BTreeMap<&'static str, Tally>> {
    TALLIES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trial(model: &'static Model, case: &'static Case, seed: u64) -> Trial {
    Trial::ignorable_test(format!("{}::{}::{seed}", model.name, case.id), move || {
        if cfg!(not(debug_assertions)) {
            return Ok(Completion::ignored_with("release builds have no --shim"));
        }
        if let Some(reason) = model.missing() {
            return skips::skip(reason);
        }
        held(model, case, seed)
    })
}

/// Runs the case once.
fn held(model: &'static Model, case: &'static Case, seed: u64) -> Result<Completion, Failed> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_concurrent-servers"));
    let launcher = ShimLauncher {
        launcher: Launcher { subject: model.subject(&program) },
        seed,
        case_starts_them: case.needs == Needs::Program,
        ended: Ended::default(),
    };
    let options = Options { seed, patience: Duration::from_secs(30), ..Options::default() };
    let target = Target::launched(&launcher, model.concurrency).serving(model.service);
    let outcome = conformance::run(&target, &[case], &options, &mut |_| ()).cases.remove(0).outcome;
    let mut tallies = tallies();
    let tally = tallies.entry(model.name).or_default();
    let mut verdict = match outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped { reason } => return skips::skip(reason),
        failed => Err(format!("{}: {failed}", case.title)),
    };
    for ended in launcher.ended.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        match ended {
            Ok(faults) => {
                for (kind, count) in faults {
                    *tally.faults.entry(kind).or_default() += count;
                }
            }
            Err(error) => verdict = verdict.and_then(|_| Err(format!("{error:#}"))),
        }
    }
    *(if verdict.is_ok() { &mut tally.passed } else { &mut tally.failed }) += 1;
    Ok(verdict?)
}

/// The counts that each server logged at its end.
type Ended = Arc<Mutex<Vec<Result<Faults>>>>;

/// Starts servers with the shim, and keeps the counts that they log at their end.
struct ShimLauncher {
    launcher: Launcher,
    seed: u64,
    case_starts_them: bool,
    ended: Ended,
}

impl ShimLauncher {
    fn serve(&self, address: SocketAddr, settings: &Settings) -> Option<Command> {
        let mut command = self.launcher.command(address, settings)?;
        command.arg(format!("--shim={}", self.seed));
        Some(command)
    }
}

impl Launch for ShimLauncher {
    fn start(&self, settings: &Settings) -> Result<Box<dyn Server>> {
        let mut command = self.serve(([127, 0, 0, 1], 0).into(), settings).context("models are programs")?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().and_then(|address| address.parse().ok());
        let Some(address) = address else {
            child.kill().ok();
            bail!("it printed {line:?} instead of its address ({})", child.wait()?)
        };
        Ok(Box::new(ShimServer { child, address, ended: Arc::clone(&self.ended) }))
    }

    fn command(&self, address: SocketAddr, settings: &Settings) -> Option<Command> {
        // With a command the suite would start the server itself, and keep its log.
        if self.case_starts_them { self.serve(address, settings) } else { None }
    }

    fn panic_text(&self) -> Option<&'static str> {
        self.launcher.panic_text()
    }
}

struct ShimServer {
    child: Child,
    address: SocketAddr,
    ended: Ended,
}

impl Server for ShimServer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        Some(self.child.id())
    }
}

impl ShimServer {
    /// SIGTERM, unless a case has sent it; then it ends within its drain timeout.
    fn end(&mut self) -> Result<Faults> {
        if self.child.try_wait()?.is_none() {
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
            kill_process(pid, Signal::TERM)?;
        }
        let mut log = String::new();
        self.child.stderr.take().context("no log")?.read_to_string(&mut log)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "it ended with {status}; its log: {log}");
        let counts = log.lines().find_map(|line| line.split_once("injected: "));
        let (_, counts) =
            counts.with_context(|| format!("no count of faults ({status}) in its log: {log}"))?;
        counts
            .split(", ")
            .map(|count| {
                let (kind, count) = count.rsplit_once(' ').context("a kind and its number")?;
                Ok((kind.to_owned(), count.parse().with_context(|| format!("{kind} {count}"))?))
            })
            .collect()
    }
}

impl Drop for ShimServer {
    fn drop(&mut self) {
        let ended = self.end();
        self.child.kill().ok(); // fails if it has already ended, as it should
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
    }
}
