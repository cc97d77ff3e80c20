//! `soak`: one model under all hostile behaviours and verified load at once, for minutes on end.
//!
//! ```text
//!   crew of hostile clients ──┐
//!   (seeded, bounded)         ├──► one server, a child process ◄── meter: memory, descriptors, threads
//!   verified load, in laps ───┘
//! ```
//!
//! What a case of the conformance catalogue shows once, this shows not to add up: after hundreds of thousands
//! of bad clients every good one is still answered right, and the server holds no more than before them.

mod crew;
mod drift;
mod hostile;
mod plan;
mod report;
mod tally;
mod verified;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;

use crate::models::{self, MODELS};
use observe::ServerProcess;
use observe::child::this_program;
use observe::meter::{Meter, Sample};
use plan::{IDLE_TIMEOUT, Plan, WRITE_TIMEOUT};
use report::Report;
use tally::Tally;
use text::output;

/// From one sample of the server to the next; a run of a day stays below 100,000 samples.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// From one line of progress to the next.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// After the last client has gone, a server has everything back at rest within this time.
const REST_WITHIN: Duration = Duration::from_secs(30);
/// Nobody is connected when the server is asked to stop; this is for a busy machine.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Arguments of `soak`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers soak mio --minutes 20
  concurrent-servers soak thread-pool --minutes 2 --seed 7 --json

Exit codes: 0 no verified client saw an error and nothing grew past its bound, 1 otherwise,
2 wrong arguments.")]
pub struct Arguments {
    /// Which model; it is started as a process of its own
    #[arg(value_parser = PossibleValuesParser::new(models::names()))]
    model: String,

    /// How long
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,

    /// How long, for tests
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: Option<u64>,

    /// Repeats the random choices of another run
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// The result as JSON, for machines
    #[arg(long)]
    json: bool,
}

/// Soaks the model, prints what came of it, and fails if it did not hold.
///
/// # Errors
/// The server cannot be started or watched (that needs Linux), or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    // The parser lets only names of the registry through.
    let model = MODELS.iter().find(|model| model.name == arguments.model).context("no such model")?;
    let plan = Plan::of(model.concurrency);
    let length = Duration::from_secs(arguments.seconds.unwrap_or(arguments.minutes * 60));

    let server = ServerProcess::start(
        &models::command(&this_program()?, model.name),
        &["--idle-timeout", &seconds(IDLE_TIMEOUT), "--write-timeout", &seconds(WRITE_TIMEOUT)],
    )?;
    let meter = Meter::new(server.pid());
    // What a server sets up once, it sets up for the first clients.
    let warm_up = Tally::default();
    verified::lap(server.address(), &plan, 0, Duration::from_millis(300), &warm_up);
    let before = meter.settled(None, REST_WITHIN)?;

    let tally = Tally::default();
    let samples = soak(&server, &meter, &plan, length, arguments, &tally)?;
    let after = meter.settled(Some(&before), REST_WITHIN)?;
    let idle_cpu = meter.idle_cpu()?;
    let status = server.stop(STOP_WITHIN)?;

    let report =
        Report::new(model.name, arguments.seed, length, &tally, &samples, [before, after], idle_cpu, status);
    if arguments.json {
        let json = serde_json::to_string_pretty(&report).context("cannot write JSON")?;
        output::print(&(json + "\n"))?;
    } else {
        output::print(&report.to_string())?;
    }
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seconds(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// Lets all clients loose for so long, and watches the server meanwhile. A server that has ended ends the soak.
fn soak(
    server: &ServerProcess,
    meter: &Meter,
    plan: &Plan,
    length: Duration,
    arguments: &Arguments,
    tally: &Tally,
) -> Result<Vec<Sample>> {
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let end = start + length;
    thread::scope(|scope| {
        let go_on = || !stop.load(Ordering::Relaxed) && Instant::now() < end;
        for member in 0..plan.crew {
            scope.spawn(move || crew::work(member, server.address(), plan, arguments.seed, tally, go_on));
        }
        scope.spawn(move || verified::laps(server.address(), plan, end, tally, go_on));

        let samples = watch(meter, start, end, arguments.json, tally);
        stop.store(true, Ordering::Relaxed);
        samples
    })
}

fn watch(meter: &Meter, start: Instant, end: Instant, quiet: bool, tally: &Tally) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut next_line = start + PROGRESS_EVERY;
    loop {
        let sample = meter.sample(start.elapsed())?;
        if !quiet && Instant::now() >= next_line {
            output::print(&report::progress(&sample, tally))?;
            next_line += PROGRESS_EVERY;
        }
        samples.push(sample);
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(samples);
        }
        // A test of a few seconds gets enough samples for a slope, too.
        thread::sleep(SAMPLE_EVERY.min(end.duration_since(start) / 20).min(left));
    }
}
