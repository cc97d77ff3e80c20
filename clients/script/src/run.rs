//! A run: all connections at once, with their events collected in one place.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use observe::Pulse;
use text::addresses::Addresses;

use crate::connection::{self, Connection, Log};
use crate::event::{Event, EventKind};
use crate::failure::Failure;
use crate::limits::check_connections;
use crate::report::Report;
use crate::steps::Script;

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many connections to open at once.
    pub connections: usize,
    /// What each connection sends, and when.
    pub script: Script,
    /// How long a connection may take from the start of the run, including waiting for its turn. The default is
    /// [`Options::default_timeout`].
    pub timeout: Option<Duration>,
}

impl Options {
    /// Twice what a sequential server needs for all connections one after the other, plus 10 s in case the
    /// machine is busy.
    pub fn default_timeout(&self) -> Duration {
        let turns = u32::try_from(self.connections).unwrap_or(u32::MAX);
        self.script.duration().saturating_mul(turns).saturating_mul(2) + Duration::from_secs(10)
    }
}

/// Plays the script on all connections at once and returns when the last one has ended.
///
/// Each connection tries the server's addresses in order until one accepts. `on_event` is called live, on the caller's
/// thread; a slow callback delays no connection.
///
/// # Errors
/// If there are more connections than this process can open. The failure of a connection is not an error but part of
/// the report.
pub fn run(addresses: &Addresses, options: &Options, mut on_event: impl FnMut(&Event)) -> Result<Report> {
    check_connections(options.connections)?;
    let timeout = options.timeout.unwrap_or_else(|| options.default_timeout());

    let pulse = Pulse::start().context("cannot watch the clock")?;
    let mut events = Vec::new();
    let started = Instant::now();
    thread::scope(|scope| {
        // Unbounded, but short: a connection stops receiving at its first wrong byte.
        let (sender, receiver) = mpsc::channel();
        for index in 0..options.connections {
            let log = Log::new(index, started, sender.clone());
            let connection = Connection::new(addresses, &options.script, timeout, &pulse, log.clone());
            if let Err(error) = connection::thread(index).spawn_scoped(scope, move || connection.play()) {
                log.report(EventKind::Failed(Failure::Thread { cause: error.to_string() }));
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
