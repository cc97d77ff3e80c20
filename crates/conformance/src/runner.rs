//! Runs cases one after the other, each against a server that fits its needs.
//!
//! Cases with the same need share one server, so that a case is also affected by what earlier cases left behind. A case
//! that signals its server gets one of its own. After a failure a new server is started, so that one fault is reported
//! once. At an address there is only one server.

use std::collections::HashMap;
use std::mem::take;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::accounts::require_adds_up;
use crate::case::{Case, Needs};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop};
use crate::oracle::{Baseline, expect_ended, expect_unharmed};
use crate::process::Process;
use crate::report::{CaseReport, Report};
use crate::started::Program;
use crate::target::{Launch, Place, Server, Settings, Target};

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

/// A server under test, and what it held at the start.
struct Running<'launch> {
    context: Context<'launch>,
    baseline: Baseline,
    server: Owner,
}

/// The owner of a server; dropping this ends a server that we own.
enum Owner {
    Program(Program),
    Launched(Box<dyn Server>),
    /// Something else owns the server, or there is none.
    Other,
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
    let notes = take(running.context.notes.get_mut().unwrap_or_else(PoisonError::into_inner));
    let of_its_own = matches!(case.needs, Needs::Pause | Needs::Shutdown);
    if !matches!(result, Err(Stop::Failed(_))) {
        if of_its_own || is_last {
            result = expect_clean_exit(running, case.needs).map_err(Stop::from).and(result);
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
        return program
            .expect_exit(within)
            .and_then(|_| require_adds_up(&program.log()))
            .during("afterwards");
    }
    context.process.map_or(Ok(()), |process| process.signal(Signal::TERM))?;
    program.expect_code(0, within).during("afterwards, SIGTERM")
}

/// Short, so that cases that wait for it are short, and long enough that on a slow machine a prompt client does not look
/// idle.
pub(crate) const SHORT_TIMEOUT: Duration = Duration::from_secs(2);
/// Half of it is for clients that never go quiet, the other half for reading the rest of the replies.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

fn prepare<'launch>(
    target: &Target<'launch>,
    needs: Needs,
    options: &Options,
) -> Result<Running<'launch>, Stop> {
    let (server, address, settings, launch) = match target.place {
        Place::Address { address, declared } => {
            reason_to_skip(needs, &declared).map_or(Ok(()), Stop::skipped)?;
            (Owner::Other, address, declared, None)
        }
        // Such a case starts its own servers, or needs none.
        Place::Launch(launch) if matches!(needs, Needs::Program | Needs::Nothing) => {
            (Owner::Other, NO_ADDRESS, Settings::NONE, Some(launch))
        }
        Place::Launch(launch) => {
            let settings = settings_for(needs);
            let (server, address) = launched(launch, &settings, options.patience)?;
            (server, address, settings, Some(launch))
        }
    };
    let pid = match &server {
        Owner::Program(program) => Some(program.id()),
        Owner::Launched(server) => server.pid(),
        Owner::Other => None,
    };
    let process = pid.and_then(Process::new);
    let Options { long, seed, patience } = *options;
    let (concurrency, notes) = (target.concurrency, Mutex::default());
    let context = Context { address, concurrency, settings, process, launch, long, seed, patience, notes };
    let baseline = if address == NO_ADDRESS { Baseline::UNKNOWN } else { Baseline::after_warm_up(&context) };
    Ok(Running { context, baseline, server })
}

fn launched(
    launch: &dyn Launch,
    settings: &Settings,
    patience: Duration,
) -> Result<(Owner, SocketAddr), Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    if let Some(command) = launch.command(any_port, settings) {
        let (program, address) = Program::serve(command, patience)?;
        return Ok((Owner::Program(program), address));
    }
    let server = launch
        .start(settings)
        .map_err(|error| Failure::new("start the server", "it to start", format!("{error:#}")))?;
    let address = server.address();
    Ok((Owner::Launched(server), address))
}

/// The address of a context without a server.
const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

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

/// Why a case with this need cannot run against an address with these declared settings.
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
