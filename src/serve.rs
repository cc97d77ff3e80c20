//! `serve MODEL`: runs one model in this process.

use std::process::ExitCode;

use anyhow::{Context, Result};
use chassis::Options;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::models::{self, FLOORS, MODELS};

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers serve mio
  concurrent-servers serve thread-pool --workers 2 --addr 127.0.0.1:0
  concurrent-servers serve tokio --runtime current-thread -v --log-format json

Stop it with Ctrl-C or SIGTERM: clients are answered until they fall quiet, then it exits. A second
signal ends it at once.

Exit codes: 0 stopped cleanly, 1 could not start or go on, 2 wrong arguments, 3 replies were cut off at
--drain-timeout, 130 or 143 ended by a second signal.")]
pub struct Arguments {
    /// Which model; `concurrent-servers list` describes them
    #[arg(value_parser = PossibleValuesParser::new(MODELS.iter().chain(FLOORS).map(|model| model.name)))]
    model: String,

    #[command(flatten)]
    options: Options,
}

/// Serves until the process is told to stop.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    // The parser lets only names of the registry through.
    let model = models::find(&arguments.model).context("no such model; see `concurrent-servers list`")?;
    Ok(chassis::run(model.name, model.knobs, &arguments.options, model.serve))
}
