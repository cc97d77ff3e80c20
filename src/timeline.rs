//! `timeline`: how the scripted clients fare under each model, drawn as one lane per client.
//!
//! This file starts the models and plays the clients. `lanes` makes of a run's events what is to be
//! drawn; `terminal` draws it as text, `svg` as a chart, and both know nothing of servers or clocks.

mod lanes;
mod svg;
mod terminal;

use std::fs;
use std::io::{self, IsTerminal};
use std::num::NonZeroU32;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use script::Options;

use crate::commands::client;
use crate::models::{self, Model};
use lanes::Chart;
use observe::ServerProcess;
use observe::child::this_program;
use text::output;

/// The width of a drawing that does not go to a terminal.
const DEFAULT_COLUMNS: usize = 80;

/// Arguments of `timeline`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  concurrent-servers timeline                              all models
  concurrent-servers timeline sequential mio               the staircase beside the bars
  concurrent-servers timeline --fast --svg timeline.svg    in a tenth of the time, as a picture too

Exit code: 0 if every reply was right, 1 if not.")]
pub struct Arguments {
    /// The models to draw [default: all]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names()), hide_possible_values = true)]
    models: Vec<String>,

    /// How many clients to play at once; more lanes than 64 cannot be read
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,

    /// Divide the pauses of the script, by 10 if no divisor is given
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    fast: Option<NonZeroU32>,

    /// Write the drawing as an SVG picture, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Plays the clients against each model and draws what happened.
///
/// # Errors
/// A model cannot be started, or the picture cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let options = Options {
        connections: usize::from(arguments.connections),
        script: client::script(arguments.fast),
        timeout: None,
    };
    announce(&options);
    let charts = play_all(&models::chosen(&arguments.models), &options)?;
    output::print(&terminal::draw(&charts, columns()))?;
    if let Some(file) = &arguments.svg {
        fs::write(file, svg::draw(&charts))
            .with_context(|| format!("cannot write the picture to {}", file.display()))?;
    }
    let all_right = charts.iter().flat_map(|chart| &chart.lanes).all(|lane| lane.failure.is_none());
    Ok(if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells people at a terminal why nothing happens for a while.
fn announce(options: &Options) {
    if io::stderr().is_terminal() {
        let turns = u32::try_from(options.connections).unwrap_or(u32::MAX);
        let seconds = options.script.duration().saturating_mul(turns).as_secs_f64();
        anstream::eprintln!("playing; a server that serves one client at a time needs {seconds:.1} s …");
    }
}

/// Plays against all models at once: the clients mostly pause, so the models hardly disturb each other.
fn play_all(models: &[&Model], options: &Options) -> Result<Vec<Chart>> {
    thread::scope(|scope| {
        let runs: Vec<_> = models.iter().map(|model| scope.spawn(|| play(model, options))).collect();
        runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn play(model: &Model, options: &Options) -> Result<Chart> {
    let server = ServerProcess::start(&models::command(&this_program()?, model.name), &[])?;
    let report = script::run(&[server.address()], options, |_| {})?;
    Ok(Chart::new(model.name, model.title, &report))
}

/// How wide the drawing may be.
fn columns() -> usize {
    let stdout = io::stdout();
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { DEFAULT_COLUMNS } else { columns }
}

#[cfg(test)]
mod tests;
