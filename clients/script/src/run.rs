//! A run: all connections at once, and their events gathered in one place.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::connection::{self, Connection, Log};
use crate::limits::check_connections;
use crate::{Event, EventKind, Failure, Report, Script};

/// How a run is to be played.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many connections to open at once.
    pub connections: usize,
    /// What each of them plays.
    pub script: Script,
    /// How long a connection may take from the start of the run, waiting for its turn included. The
    /// default is [`Options::default_timeout`].
    pub timeout: Option<Duration>,
}

impl Options {
    /// Twice what a sequential server needs for all connections one after the other, and 10 s for a
    /// machine that is busy with something else.
    pub fn default_timeout(&self) -> Duration {
        let turns = u32::try_from(self.connections).unwrap_or(u32::MAX);
        self.script.duration().saturating_mul(turns).saturating_mul(2) + Duration::from_secs(10)
    }
}

/// Plays the script on every connection at once and returns when the last one is over.
///
/// Each connection tries the addresses in their order until one accepts. `on_event` is called on the
/// caller's thread, as things happen; a slow one delays no connection.
///
/// # Errors
/// No address, or a number of connections that this process cannot hold. What befalls a connection is
/// no error but part of the report.
pub fn run(addresses: &[SocketAddr], options: &Options, mut on_event: impl FnMut(&Event)) -> Result<Report> {
    ensure!(!addresses.is_empty(), "there is no address to connect to");
    check_connections(options.connections)?;
    let timeout = options.timeout.unwrap_or_else(|| options.default_timeout());

    let mut events = Vec::new();
    let started = Instant::now();
    thread::scope(|scope| {
        // Unbounded, yet it stays short: a connection stops listening at its first wrong byte.
        let (sender, receiver) = mpsc::channel();
        for index in 0..options.connections {
            let log = Log::new(index, started, sender.clone());
            let connection = Connection::new(addresses, &options.script, timeout, log.clone());
            if let Err(error) = connection::thread(index).spawn_scoped(scope, move || connection.play()) {
                log.tell(EventKind::Failed(Failure::Thread { cause: error.to_string() }));
            }
        }
        drop(sender);
        for event in receiver {
            on_event(&event);
            events.push(event);
        }
    });
    Ok(Report::new(options.connections, started.elapsed(), events))
}
