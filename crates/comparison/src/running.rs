//! A server that runs: one of ours, somebody's program, or one that ran already.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use observe::ServerProcess;
use observe::child::free_address;

use crate::servers::{Place, Server};
use crate::stand_in::StandIn;

/// A running server. A process that was started for it, and its cache, end when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    at: At,
    /// The cache that it asks.
    cache: Option<StandIn>,
}

#[derive(Debug)]
enum At {
    Process(ServerProcess),
    Elsewhere(SocketAddr),
}

impl Running {
    /// Starts the server with these options, on one CPU if that is given, unless it runs already. Only ours take options,
    /// and only ours ask a cache.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        server: &Server,
        options: &[String],
        cache: Option<StandIn>,
        cpu: Option<usize>,
    ) -> Result<Self> {
        let at = match &server.place {
            Place::Ours(command) => {
                let asked = cache.as_ref().map(|cache| format!("--cache={}", cache.address()));
                let options: Vec<&str> = options.iter().chain(&asked).map(String::as_str).collect();
                At::Process(ServerProcess::start_on(cpu, command, &options)?)
            }
            Place::Program { words, command } => {
                let address = free_address().context("cannot find a free port")?;
                let process = ServerProcess::start_foreign(cpu, command(address), address);
                At::Process(process.with_context(|| format!("{} ({words})", server.name))?)
            }
            Place::At(address) => At::Elsewhere(*address),
        };
        Ok(Running { at, cache })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match &self.at {
            At::Process(process) => process.address(),
            At::Elsewhere(address) => *address,
        }
    }

    /// Its process id, if it is known.
    pub(crate) fn pid(&self) -> Option<u32> {
        match &self.at {
            At::Process(process) => Some(process.pid()),
            At::Elsewhere(_) => None,
        }
    }

    /// The process id of its cache, if it has one.
    pub(crate) fn pid_of_cache(&self) -> Option<u32> {
        self.cache.as_ref().map(StandIn::pid)
    }

    /// How many connections it has to its cache; `None` if it has no cache.
    ///
    /// # Errors
    /// The cache does not say.
    pub(crate) fn connections_to_cache(&self) -> Result<Option<u64>> {
        self.cache.as_ref().map(StandIn::connections).transpose()
    }
}
