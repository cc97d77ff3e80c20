//! The command that `loadgen ADDR` and the launcher's `load ADDR` share.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use text::{output, units};

use crate::disturbance;
use crate::handle::Handle;
use crate::interrupts::Interrupts;
use crate::interval_log::Log;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::progress::{Part, Progress};
use crate::ramp::{Step, ramp_until};
use crate::ramp_table::ramp_table;
use crate::scenario::Scenario;
use crate::start_at;
use crate::summary::summary;

pub use crate::arguments::Arguments;

/// The exit code of a command with wrong options, as clap has it.
pub const WRONG_OPTIONS: u8 = 2;

/// Makes the load and prints the outcome. The exit code is a failure if any connection failed or the requested
/// rate was not reached. Starved connections are a result and no failure, and so is a window that was disturbed.
///
/// Ctrl-C or another signal ends the run early and prints what was measured so far; a second one, after a pause, ends
/// the process at once. If a step of a ramp cannot be run, the steps before it are printed.
///
/// # Errors
/// As [`run`](crate::run()), and if standard output or the histogram log cannot be written; the figures are printed
/// before the log is written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let scenario = match arguments.scenario() {
        Ok(scenario) => scenario,
        Err(reason) => return Ok(wrong_options(&reason)),
    };
    let log = arguments.hist_out.as_deref().map(Log::prepare).transpose()?;
    let interrupts = Interrupts::install()?;
    let handle = interrupts.stop();
    let progress = Progress::start(handle, arguments.quiet);
    let before = disturbance::look();
    if let Some(warning) = disturbance::warning(before) {
        progress.warns(warning);
    }
    let is_ramp = arguments.steps().len() > 1;
    let mut ramp =
        ramp_until(arguments.address.clone(), &scenario, arguments.steps(), handle, |scenario, phase| {
            if let Some(start) = arguments.start_at.filter(|_| phase == Phase::WarmUp) {
                begin_at(start, handle, &progress);
            }
            progress.begins(part(scenario, phase, is_ramp));
        })?;
    drop(progress);
    let after = disturbance::look();
    for step in &mut ramp.steps {
        disturbance::note(&mut step.measurement.outcome, before, after);
    }
    let (mut printed, mut logged) = (Ok(()), Ok(()));
    if !ramp.steps.is_empty() {
        printed = output::print(&text(&ramp.steps, arguments.json, is_ramp)?);
        logged = log.map_or(Ok(()), |log| log.write(ramp.steps.iter().map(|step| &step.measurement)));
    }
    // Each of them is worth knowing, and the caller reports the last one.
    let failures = [printed.err().map(Into::into), logged.err(), ramp.failure].into_iter().flatten();
    if let Some(last) = failures.reduce(|earlier: anyhow::Error, later| {
        output::note(&format!("error: {earlier:#}"));
        later
    }) {
        return Err(last);
    }
    if ramp.steps.is_empty() {
        output::note("interrupted before the measured window started: there is nothing to report");
    }
    if let Some(code) = interrupts.exit_code() {
        return Ok(code);
    }
    let is_right = ramp.steps.iter().all(|step| is_right(&step.measurement.outcome));
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says which option is wrong and how, and returns the exit code for it.
pub(crate) fn wrong_options(reason: &str) -> ExitCode {
    output::note(&format!("error: {reason}"));
    ExitCode::from(WRONG_OPTIONS)
}

/// What is printed of these steps. A ramp prints an array or a table, even if it has ended after one step.
fn text(steps: &[Step], json: bool, is_ramp: bool) -> anyhow::Result<String> {
    let outcomes: Vec<&Outcome> = steps.iter().map(|step| &step.measurement.outcome).collect();
    let text = match (json, outcomes.as_slice()) {
        (true, [outcome]) if !is_ramp => serde_json::to_string_pretty(outcome)?,
        (true, outcomes) => serde_json::to_string_pretty(outcomes)?,
        (false, [outcome]) if !is_ramp => summary(outcome),
        (false, _) => ramp_table(steps),
    };
    Ok(text + "\n")
}

fn begin_at(start: SystemTime, handle: &Handle, progress: &Progress) {
    let doing = format!("waiting until {}", humantime::format_rfc3339(start));
    progress.begins(Part { doing, length: None, counts: false });
    let late = start_at::wait(start, handle);
    if late.is_zero() {
        return;
    }
    let warning = format!(
        "warning: the load starts {} after --start-at because connecting took longer; start this command earlier",
        units::duration(late.as_secs_f64() * 1e9)
    );
    if progress.is_shown() { progress.warns(warning) } else { output::note(&warning) }
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
    let kept_rate = outcome.rate_missed().is_none();
    outcome.errors.is_empty() && kept_rate && outcome.messages > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorKind, OpenLoop};

    #[test]
    fn a_run_is_right_if_every_reply_was_and_the_rate_was_kept() {
        let second = || Outcome { elapsed_ns: 1_000_000_000, messages: 1, ..Outcome::default() };
        let mut failed = second();
        failed.errors.add(ErrorKind::Reset, || "gone".to_owned());
        let missed = OpenLoop { due: 100, sent: 50, ..OpenLoop::default() };
        assert!(is_right(&second()));
        // Neither is a fault of the server.
        assert!(is_right(&Outcome { starved: 9, client_not_running_ns: 2_000_000_000, ..second() }));
        assert!(!is_right(&failed));
        assert!(!is_right(&Outcome { messages: 0, ..second() }), "nothing was tried");
        assert!(!is_right(&Outcome { open_loop: Some(missed), ..second() }));
    }
}
