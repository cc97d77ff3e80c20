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

use crate::Context;
use crate::case::{Case, CaseResult, Failure, Needs, Stop};
use crate::oracle::{Baseline, expect_ended, expect_unharmed};
use crate::process::Process;
use crate::report::{CaseReport, Report};
use crate::target::{Place, Server, Settings, Target};

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
    for case in cases {
        let start = Instant::now();
        let (result, notes) = run_one(target, case, options, &mut servers);
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
    /// Ends the server when this is dropped.
    _server: Option<Box<dyn Server>>,
}

fn run_one<'launch>(
    target: &Target<'launch>,
    case: &Case,
    options: &Options,
    servers: &mut HashMap<Needs, Running<'launch>>,
) -> (CaseResult, Vec<String>) {
    let running = servers.remove(&case.needs).map_or_else(|| prepare(target, case.needs, options), Ok);
    let mut running = match running {
        Ok(running) => running,
        Err(stop) => return (Err(stop), Vec::new()),
    };
    let result = (case.run)(&running.context).and_then(|()| {
        Ok(match case.needs {
            Needs::Shutdown => expect_ended(&running.context),
            Needs::Program | Needs::Nothing => Ok(()),
            _ => expect_unharmed(&running.context, &mut running.baseline),
        }?)
    });
    let notes = take(running.context.notes.get_mut().unwrap_or_else(PoisonError::into_inner));
    let of_its_own = matches!(case.needs, Needs::Pause | Needs::Shutdown);
    if !of_its_own && !matches!(result, Err(Stop::Failed(_))) {
        servers.insert(case.needs, running);
    }
    (result, notes)
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
            (None, address, declared, None)
        }
        // Such a case starts its own servers, or none.
        Place::Launch(launch) if matches!(needs, Needs::Program | Needs::Nothing) => {
            (None, NOWHERE, Settings::NONE, Some(launch))
        }
        Place::Launch(launch) => {
            let settings = settings_for(needs);
            let server = launch
                .start(&settings)
                .map_err(|error| Failure::new("start the server", "it to come up", format!("{error:#}")))?;
            let address = server.address();
            (Some(server), address, settings, Some(launch))
        }
    };
    let process = server.as_ref().and_then(|server| server.pid()).and_then(Process::new);
    let Options { long, seed, patience } = *options;
    let (concurrency, notes) = (target.concurrency, Mutex::default());
    let context = Context { address, concurrency, settings, process, launch, long, seed, patience, notes };
    let baseline = if address == NOWHERE { Baseline::UNKNOWN } else { Baseline::after_warm_up(&context) };
    Ok(Running { context, baseline, _server: server })
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
