//! Runs cases one after the other, each against a server that fits its needs.
//!
//! Cases with the same need share one server, so that a case is also affected by what earlier cases left behind. A case
//! that signals its server gets one of its own. After a failure a new server is started, so that one fault is reported
//! once. At an address there is only one server.

use std::collections::HashMap;
use std::mem::take;
use std::net::{SocketAddr, TcpStream};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use observe::Pulse;

use crate::case::{Case, Needs};
use crate::failure::{CaseResult, During, Failure, Stop};
use crate::oracle::{expect_ended, expect_unharmed};
use crate::prepare::{Owner, Running, prepare};
use crate::probe;
use crate::report::{CaseReport, Outcome, Report};
use crate::started::start_once;
use crate::target::{Place, Service, Target};

/// How to run the cases.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Runs cases at full size, which takes minutes to hours instead of seconds.
    pub long: bool,
    /// The seed of all random choices.
    pub seed: u64,
    /// The longest that the server may take for any action, not counting its own timeouts. It only has to distinguish
    /// slow from never: on a loaded machine an action may take seconds.
    pub patience: Duration,
    /// Runs no case after the first that failed.
    pub fail_fast: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { long: false, seed: 1, patience: Duration::from_secs(10), fail_fast: false }
    }
}

/// Runs the cases in this order and calls `finished` after each that has a result or is skipped.
///
/// The run stops early when the server is gone: at an address, when a new client is no longer greeted after a case that
/// failed; of programs that are not ours, when one does not start. The cases that are left are reported as not run.
pub fn run(
    target: &Target<'_>,
    cases: &[&Case],
    options: &Options,
    finished: &mut dyn FnMut(&CaseReport),
) -> Report {
    let start = Instant::now();
    // Without it the run is as good, as long as nobody stops this process.
    let pulse = Pulse::start().ok();
    let mut reports: Vec<CaseReport> = Vec::with_capacity(cases.len());
    let mut stopped: Option<String> = None;
    let mut servers = HashMap::new();
    for (number, case) in cases.iter().enumerate() {
        if let Some(reason) = &stopped {
            reports.push(CaseReport::not_run(case, reason.clone()));
            continue;
        }
        let is_last = !cases[number + 1..].iter().any(|later| later.needs == case.needs);
        let lost = || pulse.as_ref().map(Pulse::lost).unwrap_or_default();
        let report = undisturbed(lost, || {
            let start = Instant::now();
            let (result, notes) = run_one(target, case, is_last, options, &mut servers);
            CaseReport::new(case, result.into(), notes, start.elapsed())
        });
        finished(&report);
        if matches!(report.outcome, Outcome::Failed(_)) {
            stopped = gone(target, options).map(|how| format!("the server is gone since {}: {how}", case.id));
            if options.fail_fast && stopped.is_none() {
                stopped = Some(format!("{} failed, and the first failure was to end the run", case.id));
            }
        }
        reports.push(report);
    }
    Report::new(target.concurrency, options.seed, options.long, start.elapsed(), stopped, reports)
}

/// Runs a case again that failed while this process did not run: what it saw may not be the server's fault. If that
/// happens each time, the case has no result. `lost` says for how long this process has not run so far.
fn undisturbed(lost: impl Fn() -> Duration, mut run: impl FnMut() -> CaseReport) -> CaseReport {
    let mut attempts = 3;
    loop {
        let before = lost();
        let report = run();
        let meanwhile = lost().saturating_sub(before);
        if meanwhile.is_zero() || !matches!(report.outcome, Outcome::Failed(_)) {
            return report;
        }
        attempts -= 1;
        if attempts == 0 {
            let seconds = meanwhile.as_secs_f64();
            let reason = format!("the checker itself did not run for {seconds:.1} s meanwhile; run it again");
            return CaseReport { outcome: Outcome::NotRun { reason }, ..report };
        }
    }
}

/// How a new client finds that the server is gone; `None` if it is greeted, or if each case may have a new server.
fn gone(target: &Target<'_>, options: &Options) -> Option<String> {
    match target.place {
        Place::Address { address, .. } => not_served(target.service, address, options.patience).err(),
        Place::Launch(launch) if launch.fixed().is_some() => start_once(launch).err(),
        Place::Launch(_) => None,
    }
}

fn not_served(service: Service, address: SocketAddr, patience: Duration) -> Result<(), String> {
    let deadline = Instant::now() + patience;
    loop {
        let stream = TcpStream::connect_timeout(&address, patience)
            .map_err(|error| format!("cannot connect to {address}: {error}"))?;
        let seen = match service {
            Service::Echo => probe::greeted(stream).map(|_| ()),
            Service::Primes => probe::answers_number(stream, patience),
        };
        match seen {
            Ok(()) => return Ok(()),
            // It may still be busy with what the case has left behind.
            Err(stranger) if Instant::now() >= deadline => return Err(stranger.into_failure().to_string()),
            Err(_) => {}
        }
    }
}

fn run_one<'launch>(
    target: &Target<'launch>,
    case: &Case,
    is_last: bool,
    options: &Options,
    servers: &mut HashMap<Needs, Running<'launch>>,
) -> (CaseResult, Vec<String>) {
    if case.service() != target.service {
        let reason =
            format!("is about the service {}, and this is a server of {}", case.service(), target.service);
        return (Stop::skipped(reason), Vec::new());
    }
    let running = servers.remove(&case.needs).map_or_else(|| prepare(target, case.needs, options), Ok);
    let mut running = match running {
        Ok(running) => running,
        Err(stop) => return (Err(stop), Vec::new()),
    };
    let mut result = (case.run)(&running.context).and_then(|()| {
        Ok(match case.needs {
            Needs::Shutdown => expect_ended(&running.context),
            Needs::Program | Needs::Nothing => Ok(()),
            _ => expect_unharmed(&running.context, &mut running.baseline),
        }?)
    });
    // A case that shuts its server down expects it to end.
    if case.needs != Needs::Shutdown
        && let (Err(Stop::Failed(failure)), Owner::Program(program)) = (&mut result, &mut running.server)
    {
        *failure = program.explain(failure.clone(), &running.context);
    }
    let notes = take(running.context.notes.get_mut().unwrap_or_else(PoisonError::into_inner));
    let of_its_own = matches!(case.needs, Needs::Pause | Needs::Shutdown);
    if !matches!(result, Err(Stop::Failed(_))) {
        if of_its_own || is_last {
            // A case that shuts its server down and was skipped may have stopped anywhere.
            if case.needs != Needs::Shutdown || result.is_ok() {
                result = expect_clean_exit(running, case.needs).map_err(Stop::from).and(result);
            }
        } else {
            servers.insert(case.needs, running);
        }
    }
    (result, notes)
}

/// Asks a program that is no longer needed to exit. No client is left, so it must exit with code 0 (a case that shut it
/// down itself checks the code), and by its summary every client must have ended in exactly one way.
fn expect_clean_exit(running: Running<'_>, needs: Needs) -> Result<(), Failure> {
    let Running { context, server: Owner::Program(mut program), .. } = running else { return Ok(()) };
    let within = context.settings.drain_timeout.unwrap_or_default() + context.patience;
    if needs == Needs::Shutdown {
        return program.expect_exit(within).and_then(|_| program.expect_counts()).during("afterwards");
    }
    program.expect_clean_end(within).during("afterwards, SIGTERM")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The outcome of a case that ends in these ways one after the other, and for how long the checker did not run
    /// meanwhile, in seconds; and how often it ran.
    fn outcome_of(runs: &[(bool, u64)]) -> (Outcome, usize) {
        let (lost, ran) = (Cell::new(Duration::ZERO), Cell::new(0));
        let run = || {
            let (passes, seconds) = runs[ran.get()];
            ran.set(ran.get() + 1);
            lost.set(lost.get() + Duration::from_secs(seconds));
            let outcome =
                if passes { Outcome::Passed } else { Outcome::Failed(Failure::new("step", "this", "that")) };
            let case = Case::new("Z1", "a case", |_| Ok(()));
            CaseReport::new(&case, outcome, Vec::new(), Duration::ZERO)
        };
        (undisturbed(|| lost.get(), run).outcome, ran.get())
    }

    #[test]
    fn a_failure_counts_at_once_if_the_checker_ran_all_the_time() {
        assert!(matches!(outcome_of(&[(false, 0)]), (Outcome::Failed(_), 1)));
        assert_eq!(outcome_of(&[(true, 5)]), (Outcome::Passed, 1));
    }

    #[test]
    fn a_case_that_failed_while_the_checker_was_stopped_runs_again() {
        assert_eq!(outcome_of(&[(false, 5), (true, 0)]), (Outcome::Passed, 2));
        assert!(matches!(outcome_of(&[(false, 5), (false, 0)]), (Outcome::Failed(_), 2)));
        let (outcome, ran) = outcome_of(&[(false, 5), (false, 2), (false, 3)]);
        assert_eq!(ran, 3);
        let Outcome::NotRun { reason } = outcome else { panic!("{outcome}") };
        assert!(reason.contains("the checker itself did not run for 3.0 s"), "{reason}");
    }
}
