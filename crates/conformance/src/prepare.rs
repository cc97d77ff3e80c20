//! The server that a case needs: one with suitable settings, or the one at the address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use crate::case::Needs;
use crate::context::Context;
use crate::failure::{Failure, Stop};
use crate::oracle::Baseline;
use crate::process::Process;
use crate::program::Program;
use crate::runner::Options;
use crate::target::{Launch, Place, Server, Settings, Target};

/// Short, so that cases that wait for it are short, and long enough that on a slow machine a prompt client does not look
/// idle.
pub(crate) const SHORT_TIMEOUT: Duration = Duration::from_secs(2);
/// Half of it is for clients that never go quiet, the other half for reading the rest of the replies.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

/// A server under test, and what it held at the start.
pub(crate) struct Running<'launch> {
    pub(crate) context: Context<'launch>,
    pub(crate) baseline: Baseline,
    pub(crate) server: Owner,
}

/// The owner of a server; dropping this ends a server that we own.
pub(crate) enum Owner {
    Program(Program),
    Launched(Box<dyn Server>),
    /// Something else owns the server, or there is none.
    Other,
}

/// Starts a server for a case with this need, or takes the one at the address.
pub(crate) fn prepare<'launch>(
    target: &Target<'launch>,
    needs: Needs,
    options: &Options,
) -> Result<Running<'launch>, Stop> {
    let (server, address, settings, launch) = match target.place {
        Place::Address { address, declared } => {
            needs_process(needs).or_else(|| lacks(needs, &declared)).map_or(Ok(()), Stop::skipped)?;
            (Owner::Other, address, declared, None)
        }
        // Such a case starts its own servers, or needs none.
        Place::Launch(launch) if matches!(needs, Needs::Program | Needs::Nothing) => {
            (Owner::Other, NO_ADDRESS, Settings::NONE, Some(launch))
        }
        Place::Launch(launch) => {
            let settings = match launch.fixed() {
                Some(declared) => {
                    lacks(needs, &declared).map_or(Ok(()), Stop::skipped)?;
                    declared
                }
                None => settings_for(needs),
            };
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
    let Options { long, seed, patience, .. } = *options;
    let Target { service, concurrency, .. } = *target;
    let notes = Mutex::default();
    let context =
        Context { address, service, concurrency, settings, process, launch, long, seed, patience, notes };
    let baseline = if address == NO_ADDRESS { Baseline::UNKNOWN } else { Baseline::after_warm_up(&context) };
    Ok(Running { context, baseline, server })
}

fn launched(
    launch: &dyn Launch,
    settings: &Settings,
    patience: Duration,
) -> Result<(Owner, SocketAddr), Stop> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    if launch.command(any_port, settings).is_some() {
        let (program, address) = Program::serve(launch, any_port, settings, patience)?;
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

/// What a case with this need does to the server's process, for which an address is not enough.
fn needs_process(needs: Needs) -> Option<&'static str> {
    match needs {
        Needs::Pause => Some("needs a process that may be stopped and continued, not an address"),
        Needs::Shutdown => Some("needs a process that may be shut down, not an address"),
        Needs::Program => Some("needs a program that may be started, not an address"),
        _ => None,
    }
}

/// The setting that a case with this need waits for, if these settings do not have it.
fn lacks(needs: Needs, declared: &Settings) -> Option<&'static str> {
    let (timeout, lacking) = match needs {
        Needs::IdleTimeout => {
            (declared.idle_timeout, "needs a server whose idle timeout is short and declared")
        }
        Needs::WriteTimeout => {
            (declared.write_timeout, "needs a server whose write timeout is short and declared")
        }
        Needs::ProgressTimeout => {
            (declared.progress_timeout, "needs a server whose progress timeout is short and declared")
        }
        _ => return None,
    };
    timeout.is_none().then_some(lacking)
}
