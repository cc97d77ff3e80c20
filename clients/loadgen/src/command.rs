//! The command that `loadgen ADDR` and the launcher's `load ADDR` share.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::handle::Handle;
use crate::interval_log::Log;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::progress::{Part, Progress};
use crate::ramp::ramp_until;
use crate::scenario::Scenario;
use crate::start_at;
use crate::summary::summary;

pub use crate::arguments::Arguments;

/// Makes the load and prints the outcome. The exit code is a failure if any connection failed or the requested
/// rate was not reached; starved connections are a result and no failure.
///
/// Ctrl-C or another signal ends the run early and prints what was measured so far; a second one, after a pause, ends
/// the process at once.
///
/// # Errors
/// As [`run`](crate::run()), and if standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let scenario = arguments.scenario()?;
    let counts = if arguments.ramp.is_empty() { vec![scenario.connections] } else { arguments.ramp.clone() };
    let log = arguments.hist_out.as_deref().map(Log::open).transpose()?;
    if let Some(start) = arguments.start_at {
        start_at::check(start, SystemTime::now())?;
    }
    let handle = Handle::new();
    let interrupted = stop_at_signal(&handle)?;
    let progress = Progress::start(&handle, arguments.quiet);
    let steps = ramp_until(arguments.address.clone(), &scenario, &counts, &handle, |scenario, phase| {
        if let Some(start) = arguments.start_at.filter(|_| phase == Phase::WarmUp) {
            begin_at(start, &handle, &progress);
        }
        progress.begins(part(scenario, phase, counts.len() > 1));
    })?;
    drop(progress);
    if steps.is_empty() {
        eprintln!("interrupted before the measured window started: there is nothing to report");
        return Ok(ExitCode::from(interrupted.load(Ordering::SeqCst)));
    }
    if let Some(log) = log {
        log.write(steps.iter().map(|step| &step.measurement))?;
    }
    let outcomes: Vec<Outcome> = steps.into_iter().map(|step| step.measurement.outcome).collect();
    let text = match (arguments.json, outcomes.as_slice()) {
        (true, [outcome]) if counts.len() == 1 => serde_json::to_string_pretty(outcome)?,
        (true, outcomes) => serde_json::to_string_pretty(outcomes)?,
        (false, outcomes) => outcomes.iter().map(summary).collect::<Vec<String>>().join("\n\n"),
    };
    writeln!(io::stdout(), "{text}").context("cannot write to standard output")?;
    if handle.is_stopped() {
        return Ok(ExitCode::from(interrupted.load(Ordering::SeqCst)));
    }
    Ok(if outcomes.iter().all(is_right) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first signal stops the run. Returns the exit code that a stopped run then has, as shells report it: 128 plus the
/// signal number.
fn stop_at_signal(handle: &Handle) -> anyhow::Result<Arc<AtomicU8>> {
    let (handle, code) = (handle.clone(), Arc::new(AtomicU8::new(0)));
    let told = Arc::clone(&code);
    signals::on_stop(move |signal| {
        told.store(signal.exit_code(), Ordering::SeqCst);
        handle.stop();
    })
    .context("cannot install the handlers for Ctrl-C and other signals")?;
    Ok(code)
}

fn begin_at(start: SystemTime, handle: &Handle, progress: &Progress) {
    let doing = format!("waiting until {}", humantime::format_rfc3339(start));
    progress.begins(Part { doing, length: None, counts: false });
    let late = start_at::wait(start, handle);
    if !late.is_zero() {
        eprintln!(
            "warning: the load starts {} ms after --start-at because connecting took longer; start this command \
             earlier",
            late.as_millis()
        );
    }
}

fn part(scenario: &Scenario, phase: Phase, is_step: bool) -> Part {
    let (doing, length) = match phase {
        Phase::Connecting => ("connecting", None),
        Phase::Greeting => ("greeting", None),
        Phase::WarmUp => ("warming up", Some(scenario.warm_up_ms)),
        Phase::Measuring => ("measuring", Some(scenario.duration_ms)),
        Phase::Draining => ("draining", None),
        Phase::Closing => ("closing", None),
    };
    let doing =
        if is_step { format!("{} connections: {doing}", scenario.connections) } else { doing.to_owned() };
    Part { doing, length: length.map(Duration::from_millis), counts: phase == Phase::Measuring }
}

fn is_right(outcome: &Outcome) -> bool {
    outcome.errors.is_empty() && outcome.open_loop.as_ref().is_none_or(|open| open.rate_missed().is_none())
}
