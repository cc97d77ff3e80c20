//! `serve MODEL`: runs one model in this process.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chassis::Options;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::commands::leash::end_with;
use crate::models::{self, everything};

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers serve mio
  concurrent-servers serve thread-pool --workers 2 --addr 127.0.0.1:0
  concurrent-servers serve tokio --runtime current-thread -v --log-format json
  concurrent-servers serve tokio --runtime per-core --workers 4
  concurrent-servers serve prime-queue --workers 2           the other service: a number a line
  concurrent-servers serve prime-queue --cache 127.0.0.1:6380   each number looked up first
  concurrent-servers serve sequential --write-policy per-byte --nagle  as the series' servers send

Stop it with Ctrl-C, SIGTERM or SIGHUP: it drains its clients, then exits. Signals
within half a second are one request, as GNU timeout and npm send it; one that comes
later ends the server immediately. Under nohup SIGHUP does nothing.

Log lines that standard error does not take are lost; a warning says how many.

Exit codes: 0 stopped cleanly, 1 could not start or continue, 2 wrong arguments, 3 replies were cut
off at --drain-timeout, 130, 143 or another 128 + signal ended by a second signal.")]
pub struct Arguments {
    /// The model; `concurrent-servers list` describes all models
    #[arg(value_parser = PossibleValuesParser::new(everything().map(|model| model.name)))]
    model: String,

    #[command(flatten)]
    options: Options,

    /// End together with this parent process: the launcher passes it to the servers that it starts
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,

    /// Let floor-epoll burn this much more CPU time, in nanoseconds, for each part that it receives: `compare --self-test`
    /// plants it
    #[arg(long, value_name = "NANOSECONDS", hide = true)]
    burn: Option<u64>,
}

/// Serves until the process receives a signal to stop.
///
/// # Errors
/// The kernel cannot be asked to end this process with its parent.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    // The parser accepts only names in the registry.
    let model = models::find(&arguments.model)
        .context("no model has this name; `concurrent-servers list` shows all models")?;
    if let Some(parent) = arguments.parent {
        end_with(parent)?;
    }
    let Some(burn) = arguments.burn else {
        return Ok(chassis::run(model.name, model.knobs, &arguments.options, model.serve));
    };
    ensure!(model.name == models::SLOWED, "--burn is for {}", models::SLOWED);
    Ok(chassis::run(model.name, model.knobs, &arguments.options, |listener, _, shutdown| {
        models::serve_slowed(&listener, shutdown, Duration::from_nanos(burn))
    }))
}
