//! What becomes of numbers that are sent to a server of the prime service at the same time: a lane for each client, for the
//! loop, and for each thread that computes.
//!
//! ```text
//!   clients ──── a number each, one shortly after the other ───▶ server, a child process
//!      │                                                             │
//!      └── sent, answered ──▶ lanes ◀── received, begun, computed ───┘ a file
//! ```
//!
//! Both sides read the same monotonic clock.

mod alone;
mod clients;
mod data;
mod events;
mod lanes;
mod rows;
mod svg;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use observe::{ServerCommand, ServerProcess};

pub use alone::{Number, TooBig};

use super::Drawing;
use lanes::Chart;

/// A model that the numbers are sent to.
#[derive(Clone, Debug)]
pub struct Player {
    /// Its name.
    pub name: String,
    /// A short description.
    pub title: String,
    /// How it is started.
    pub server: ServerCommand,
    /// Further arguments.
    pub arguments: Vec<String>,
}

/// What became of the numbers at each server.
#[derive(Debug)]
pub struct Numbers {
    charts: Vec<Chart>,
}

impl Numbers {
    /// Sends the numbers to one server after the other, since they compute. Each number has a client of its own, and
    /// is sent this long after the one before it.
    ///
    /// # Errors
    /// A server cannot be started or reached, or has not written what became of the numbers.
    pub fn play(players: &[Player], numbers: &[Number], gap: Duration) -> Result<Self> {
        let charts = players.iter().map(|player| play(player, numbers, gap));
        Ok(Numbers { charts: charts.collect::<Result<_>>()? })
    }
}

impl Drawing for Numbers {
    fn rows(&self, columns: usize) -> String {
        rows::draw(&self.charts, columns)
    }

    fn svg(&self) -> String {
        svg::draw(&self.charts)
    }

    fn json(&self) -> Result<String> {
        super::data::json(self.charts.iter().map(Chart::data).collect())
    }

    fn is_right(&self) -> bool {
        self.charts.iter().flat_map(|chart| &chart.lanes).all(|lane| lane.failure.is_none())
    }
}

fn play(player: &Player, numbers: &[Number], gap: Duration) -> Result<Chart> {
    let folder = tempfile::tempdir().context("cannot create a folder for the server's events")?;
    let file = folder.path().join("events");
    let events = format!("--events={}", file.display());
    let arguments: Vec<&str> = player.arguments.iter().map(String::as_str).chain([events.as_str()]).collect();
    let server = ServerProcess::start(&player.server, &arguments)?;
    let visits = clients::run(server.address(), numbers, gap)?;
    drop(server);
    let text = fs::read_to_string(&file).with_context(|| format!("{} has written no events", player.name))?;
    let events = events::parse(&text).with_context(|| format!("of the events of {}", player.name))?;
    Ok(Chart::new(&player.name, &player.title, &visits, &events))
}

#[cfg(test)]
mod tests;
