//! Runs cases one after the other, each against a server that fits its needs.
//!
//! Cases with the same need share one server, so that a case also meets whatever its predecessors left
//! behind. A case that signals its server gets one of its own; after a failure a fresh one is started,
//! so that one fault is reported once. At an address there is only the one server.

use std::collections::HashMap;
use std::mem::take;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Context;
use crate::accounts::require_adds_up;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop};
use crate::oracle::{Baseline, expect_ended, expect_unharmed};
use crate::process::Process;
use crate::report::{CaseReport, Report};
use crate::started::Program;
use crate::target::{Launch, Place, Server, Settings, Target};

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Runs cases at their full size, which takes minutes to hours instead of seconds.
    pub long: bool,
    /// The seed of all random choices.
    pub seed: u64,
    /// The longest that the server may take for anything that it must do, its own timeouts not counted.
    /// It only has to tell slow from never: on a loaded machine ten seconds are still slow.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { long: false, seed: 1, patience: Duration::from_secs(10) }
    }
}

/// Runs the cases in this order and calls `finished` after each.
pub fn run(
    target: &Target<'_>,
    cases: &[&Case],
    options: &Options,
    finished: &mut dyn FnMut(&CaseReport),
) -> Report {
    let start = Instant::now();
    let mut reports = Vec::with_capacity(cases.len());
    let mut servers = HashMap::new();
    for (number, case) in cases.iter().enumerate() {
        let start = Instant::now();
        let is_last = !cases[number + 1..].iter().any(|later| later.needs == case.needs);
        let (result, notes) = run_one(target, case, is_last, options, &mut servers);
        let report = CaseReport::new(case, result, notes, start.elapsed());
        finished(&report);
        reports.push(report);
    }
    Report::new(target.concurrency, options.seed, options.long, start.elapsed(), reports)
}

/// A server that is being tested, and what it held at first.
struct Running<'launch> {
    context: Context<'launch>,
    baseline: Baseline,
    server: Holder,
}

/// Who holds a server; dropping this ends the server.
enum Holder {
    Program(Program),
    Launched(Box<dyn Server>),
    /// It is not ours to end, or there is none.
    Nobody,
}

fn run_one<'launch>(
    target: &Target<'launch>,
    case: &Case,
    is_last: bool,
    options: &Options,
    servers: &mut HashMap<Needs, Running<'launch>>,
) -> (CaseResult, Vec<String>) {
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
    if let (Err(Stop::Failed(failure)), Holder::Program(program)) = (&mut result, &mut running.server)
        && case.needs != Needs::Shutdown
    // that server was to end
    {
        *failure = program.explain(failure.clone(), &running.context);
    }
    let notes = take(running.context.notes.get_mut().unwrap_or_else(PoisonError::into_inner));
    let of_its_own = matches!(case.needs, Needs::Pause | Needs::Shutdown);
    if !matches!(result, Err(Stop::Failed(_))) {
        if of_its_own || is_last {
            result = expect_good_end(running, case.needs).map_err(Stop::from).and(result);
        } else {
            servers.insert(case.needs, running);
        }
    }
    (result, notes)
}

/// A program that nobody needs any more is asked to end. No client is left, so it ends with code 0 (a case that
/// has asked it to end itself judges the code), and by what it says then, every client has ended in one way.
fn expect_good_end(running: Running<'_>, needs: Needs) -> Result<(), Failure> {
    let Running { context, server: Holder::Program(mut program), .. } = running else { return Ok(()) };
    let within = context.settings.drain_timeout.unwrap_or_default() + context.patience;
    if needs == Needs::Shutdown {
        return program
            .expect_exit(within)
            .and_then(|_| require_adds_up(&program.log()))
            .during("afterwards");
    }
    context.process.map_or(Ok(()), |process| process.signal(Signal::TERM))?;
    program.expect_code(0, within).during("afterwards, SIGTERM")
}

/// Short, so that cases which wait for them are short, and long enough that a slow machine does not
/// make a prompt client look idle.
pub(crate) const SHORT_TIMEOUT: Duration = Duration::from_secs(2);
/// Clients that never fall quiet are answered for half of it, and have the other half to take the rest.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

fn prepare<'launch>(
    target: &Target<'launch>,
    needs: Needs,
    options: &Options,
) -> Result<Running<'launch>, Stop> {
    let (server, address, settings, launch) = match target.place {
        Place::Address { address, declared } => {
            reason_to_skip(needs, &declared).map_or(Ok(()), Stop::skipped)?;
            (Holder::Nobody, address, declared, None)
        }
        // Such a case starts its own servers, or none.
        Place::Launch(launch) if matches!(needs, Needs::Program | Needs::Nothing) => {
            (Holder::Nobody, NOWHERE, Settings::NONE, Some(launch))
        }
        Place::Launch(launch) => {
            let settings = settings_for(needs);
            let (server, address) = launched(launch, &settings, options.patience)?;
            (server, address, settings, Some(launch))
        }
    };
    let pid = match &server {
        Holder::Program(program) => Some(program.id()),
        Holder::Launched(server) => server.pid(),
        Holder::Nobody => None,
    };
    let process = pid.and_then(Process::new);
    let Options { long, seed, patience } = *options;
    let (concurrency, notes) = (target.concurrency, Mutex::default());
    let context = Context { address, concurrency, settings, process, launch, long, seed, patience, notes };
    let baseline = if address == NOWHERE { Baseline::UNKNOWN } else { Baseline::after_warm_up(&context) };
    Ok(Running { context, baseline, server })
}

fn launched(
    launch: &dyn Launch,
    settings: &Settings,
    patience: Duration,
) -> Result<(Holder, SocketAddr), Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    if let Some(command) = launch.command(any_port, settings) {
        let (program, address) = Program::serve(command, patience)?;
        return Ok((Holder::Program(program), address));
    }
    let server = launch
        .start(settings)
        .map_err(|error| Failure::new("start the server", "it to come up", format!("{error:#}")))?;
    let address = server.address();
    Ok((Holder::Launched(server), address))
}

/// Where no server is.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn settings_for(needs: Needs) -> Settings {
    let default = Settings::default();
    match needs {
        Needs::Address | Needs::Pause | Needs::Program | Needs::Nothing => default,
        Needs::IdleTimeout => Settings { idle_timeout: Some(SHORT_TIMEOUT), ..default },
        Needs::WriteTimeout => Settings { write_timeout: Some(SHORT_TIMEOUT), ..default },
        Needs::ProgressTimeout => Settings { progress_timeout: Some(SHORT_TIMEOUT), ..default },
        Needs::Shutdown => Settings { drain_timeout: Some(DRAIN_TIMEOUT), ..default },
    }
}

/// Why a server of which only the address and what was declared are known cannot be asked this.
fn reason_to_skip(needs: Needs, declared: &Settings) -> Option<&'static str> {
    match needs {
        Needs::Address | Needs::Nothing => None,
        Needs::IdleTimeout if declared.idle_timeout.is_some() => None,
        Needs::WriteTimeout if declared.write_timeout.is_some() => None,
        Needs::ProgressTimeout if declared.progress_timeout.is_some() => None,
        Needs::ProgressTimeout => Some("needs a server whose progress timeout is short and declared"),
        Needs::IdleTimeout => Some("needs a server whose idle timeout is short and declared"),
        Needs::WriteTimeout => Some("needs a server whose write timeout is short and declared"),
        Needs::Pause => Some("needs a process that may be stopped and continued, not an address"),
        Needs::Shutdown => Some("needs a process that may be shut down, not an address"),
        Needs::Program => Some("needs a program that may be started, not an address"),
    }
}
