//! When each scripted client is served by each server, drawn as one lane per client.
//!
//! This file starts the servers and runs the clients. `lanes` turns a run's events into lanes; `terminal` draws these
//! as text, `svg` as a chart. Both are independent of servers and clocks.

mod data;
mod drawing;
mod lanes;
pub mod numbers;
mod rows;
mod svg;
mod terminal;

use std::panic::resume_unwind;
use std::thread;

use anyhow::{Result, ensure};
use observe::{ServerCommand, ServerProcess};
use script::{Failure, Options, Report};
use text::addresses::Addresses;

pub use drawing::Drawing;
use lanes::Chart;

/// A server that the clients are run against.
#[derive(Clone, Debug)]
pub struct Player {
    /// Its name.
    pub name: String,
    /// A short description.
    pub title: String,
    /// Where it is.
    pub place: Place,
}

/// Where a server is.
#[derive(Clone, Debug)]
pub enum Place {
    /// It is started, with these further arguments, and stopped.
    Started(ServerCommand, Vec<String>),
    /// It is running at one of these addresses.
    Running(Addresses),
}

/// What happened to the clients of each server.
#[derive(Debug)]
pub struct Timeline {
    charts: Vec<Chart>,
}

impl Timeline {
    /// Runs the clients against all of these servers at once: the clients mostly pause, so the servers hardly disturb
    /// each other.
    ///
    /// # Errors
    /// A server cannot be started or reached, or the clients cannot run.
    pub fn play(players: &[Player], options: &Options) -> Result<Self> {
        let charts = thread::scope(|scope| {
            let runs: Vec<_> = players.iter().map(|player| scope.spawn(|| play(player, options))).collect();
            runs.into_iter()
                .map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Result<Vec<Chart>>>()
        })?;
        Ok(Timeline { charts })
    }
}

impl Drawing for Timeline {
    fn rows(&self, columns: usize) -> String {
        rows::draw(&self.charts, columns)
    }

    fn svg(&self) -> String {
        svg::draw(&self.charts)
    }

    fn json(&self) -> Result<String> {
        data::json(self.charts.iter().map(Chart::data).collect())
    }

    fn is_right(&self) -> bool {
        self.charts.iter().flat_map(|chart| &chart.lanes).all(|lane| lane.failure.is_none())
    }
}

fn play(player: &Player, options: &Options) -> Result<Chart> {
    let report = match &player.place {
        Place::Started(command, further) => {
            let further: Vec<&str> = further.iter().map(String::as_str).collect();
            let process = ServerProcess::start(command, &further)?;
            script::run(&process.address().into(), options, |_| {})?
        }
        Place::Running(addresses) => {
            let report = script::run(addresses, options, |_| {})?;
            ensure!(!is_unreachable(&report), "{}", first_failure(&report));
            report
        }
    };
    Ok(Chart::new(&player.name, &player.title, &options.script, &report))
}

/// Whether no client could connect at all, so that there is nothing to draw.
fn is_unreachable(report: &Report) -> bool {
    report.outcomes.iter().all(|outcome| matches!(outcome.failure, Some(Failure::Connect { .. })))
}

fn first_failure(report: &Report) -> String {
    report.failures().next().map(|(_, failure)| failure.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
