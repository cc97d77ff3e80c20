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

Exit codes: 0 stopped cleanly, 1 could not start or go on, 2 wrong arguments, 3 replies were cut
off at --drain-timeout, 130 or 143 ended by a second signal.")]
pub struct Arguments {
    /// Which model; `concurrent-servers list` describes them
    #[arg(value_parser = PossibleValuesParser::new(MODELS.iter().chain(FLOORS).map(|model| model.name)))]
    model: String,

    #[command(flatten)]
    options: Options,

    /// End with this process, which has started this one: what the launcher passes to its own servers
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// The process that it was to end with is gone already.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    // The parser lets only names of the registry through.
    let model = models::find(&arguments.model).context("no such model; see `concurrent-servers list`")?;
    if let Some(parent) = arguments.parent {
        end_with(parent)?;
    }
    Ok(chassis::run(model.name, model.knobs, &arguments.options, model.serve))
}

/// Asks the kernel to kill this process when its parent ends, however that comes about.
#[cfg(target_os = "linux")]
fn end_with(parent: u32) -> Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask the kernel to end with the parent process")?;
    // It may have ended before it was asked for.
    anyhow::ensure!(
        std::os::unix::process::parent_id() == parent,
        "process {parent} is not, or no longer, the parent of this one; leave --parent out"
    );
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same face as on Linux")]
fn end_with(_: u32) -> Result<()> {
    Ok(())
}
