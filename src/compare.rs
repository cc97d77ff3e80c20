//! `compare`: all models side by side.
//!
//! [`mod@plan`] says what is to be tried; [`trial`] does it, each trial on a freshly started server; what
//! comes out are [`record`]s, which [`table`] draws. None of them knows more of the others than these
//! types, so that scenarios, rounds and reports can be added beside what is there.

pub mod plan;
pub mod record;
pub mod table;
pub mod trial;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;

use crate::machine::Machine;
use crate::{models, output};
use plan::{Trial, plan};
use record::Comparison;

/// Arguments of `compare`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  concurrent-servers compare                       all models, in about a minute
  concurrent-servers compare mio tokio             two of them, beside the floors
  concurrent-servers compare --quick               all, in less than half a minute, less precisely
  concurrent-servers compare --json - | jq .       the records instead of the table

Exit code: 0 if every reply was right, 1 if one was wrong or missing or a model did not start. Clients
that a model never serves beside others are a result, not an error.")]
pub struct Arguments {
    /// The models to compare [default: all]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names()), hide_possible_values = true)]
    models: Vec<String>,

    /// Shorter load, and the script's pauses divided by 10
    #[arg(long)]
    quick: bool,

    /// Write the records as JSON to this file; "-" writes them to standard output, and no table
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Tries every model and prints what came of it.
///
/// # Errors
/// The results cannot be written. What goes wrong with a model is part of the results.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let destination = Destination::of(arguments.json.as_deref())?;
    let trials = plan(&arguments.models, arguments.quick);
    let records = trials.iter().enumerate().map(|(index, trial)| {
        announce(trial, index + 1, trials.len());
        trial::run(trial)
    });
    let comparison = Comparison { machine: Machine::this(), records: records.collect() };
    destination.write(&comparison)?;
    Ok(if comparison.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One plain line for each trial, on standard error: nothing moves while something is measured.
fn announce(trial: &Trial, number: usize, trials: usize) {
    anstream::eprintln!("{number:>3}/{trials} {}: {}", trial.model.name, trial.scenario);
}

/// Where the results go.
enum Destination {
    /// The table to standard output.
    Table,
    /// The table too, and the records to this file, which is open before anything is measured: a run must
    /// not end with nowhere to put what it found.
    TableAndFile(File, PathBuf),
    /// The records to standard output.
    Records,
}

impl Destination {
    fn of(json: Option<&Path>) -> Result<Self> {
        match json {
            None => Ok(Destination::Table),
            Some(path) if path == Path::new("-") => Ok(Destination::Records),
            Some(path) => {
                let file = File::create(path)
                    .with_context(|| format!("cannot create {} for the records", path.display()))?;
                Ok(Destination::TableAndFile(file, path.to_owned()))
            }
        }
    }

    fn write(self, comparison: &Comparison) -> Result<()> {
        if let Destination::Table | Destination::TableAndFile(..) = &self {
            output::print(&table::draw(comparison))?;
        }
        let json = || serde_json::to_string_pretty(comparison).map(|text| text + "\n");
        match self {
            Destination::Table => Ok(()),
            Destination::Records => output::print(&json()?),
            Destination::TableAndFile(mut file, path) => file
                .write_all(json()?.as_bytes())
                .with_context(|| format!("cannot write the records to {}", path.display())),
        }
    }
}
