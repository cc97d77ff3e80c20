//! A server that runs: one of ours, somebody's program, or one that ran already.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use observe::ServerProcess;
use observe::child::free_address;

use crate::servers::{Place, Server};

/// A running server. A process that was started for it ends when this is dropped.
#[derive(Debug)]
pub(crate) enum Running {
    Process(ServerProcess),
    Elsewhere(SocketAddr),
}

impl Running {
    /// Starts the server with these options, on one CPU if that is given, unless it runs already. Only ours take options.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(server: &Server, options: &[String], cpu: Option<usize>) -> Result<Self> {
        match &server.place {
            Place::Ours(command) => {
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                ServerProcess::start_on(cpu, command, &options).map(Running::Process)
            }
            Place::Program { words, command } => {
                let address = free_address().context("cannot find a free port")?;
                let process = ServerProcess::start_foreign(cpu, command(address), address);
                process.map(Running::Process).with_context(|| format!("{} ({words})", server.name))
            }
            Place::At(address) => Ok(Running::Elsewhere(*address)),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Running::Process(process) => process.address(),
            Running::Elsewhere(address) => *address,
        }
    }

    /// Its process id, if it is known.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Running::Process(process) => Some(process.pid()),
            Running::Elsewhere(_) => None,
        }
    }
}
