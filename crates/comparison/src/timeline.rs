//! When each scripted client is served by each server, drawn as one lane per client.
//!
//! This file starts the servers and runs the clients. `lanes` turns a run's events into lanes; `terminal` draws these
//! as text, `svg` as a chart. Both are independent of servers and clocks.

mod lanes;
mod svg;
mod terminal;

use std::panic::resume_unwind;
use std::thread;

use anyhow::Result;
use observe::ServerProcess;
use script::Options;

use crate::servers::{Server, Servers};
use lanes::Chart;

/// What happened to the clients of each server.
#[derive(Debug)]
pub struct Timeline {
    charts: Vec<Chart>,
}

impl Timeline {
    /// Runs the clients against the named models, or all models, at once: the clients mostly pause, so the models
    /// hardly disturb each other.
    ///
    /// # Errors
    /// A server cannot be started, or the clients cannot run.
    pub fn play(servers: &Servers, names: &[String], options: &Options) -> Result<Self> {
        let charts = thread::scope(|scope| {
            let runs: Vec<_> =
                servers.chosen(names).map(|server| scope.spawn(|| play(server, options))).collect();
            runs.into_iter()
                .map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Result<Vec<Chart>>>()
        })?;
        Ok(Timeline { charts })
    }

    /// As text with this many columns.
    pub fn text(&self, columns: usize) -> String {
        terminal::draw(&self.charts, columns)
    }

    /// As a picture.
    pub fn svg(&self) -> String {
        svg::draw(&self.charts)
    }

    /// Whether every client got the right reply.
    pub fn is_right(&self) -> bool {
        self.charts.iter().flat_map(|chart| &chart.lanes).all(|lane| lane.failure.is_none())
    }
}

fn play(server: &Server, options: &Options) -> Result<Chart> {
    let process = ServerProcess::start(&server.command, &[])?;
    let report = script::run(&process.address().into(), options, |_| {})?;
    Ok(Chart::new(&server.name, &server.title, &report))
}

#[cfg(test)]
mod tests;
