//! `loadgen`: verified load on one server. The launcher's `load` is the same, its `compare` does it for every
//! model.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use loadgen::{command, merge};

/// Puts verified load on a server and reports how long it took to answer
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exits with 1 if any connection failed or the asked rate was not kept; starved connections are a \
                  result. Ctrl-C ends the run early with what was measured so far, and exits with 130."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    arguments: Option<command::Arguments>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add the histogram logs of several machines or runs, and print percentiles of the sums
    Merge(merge::Arguments),
}

fn main() -> ExitCode {
    let result = match CommandLine::parse() {
        CommandLine { command: Some(Command::Merge(arguments)), .. } => merge::run(&arguments),
        CommandLine { arguments: Some(arguments), .. } => command::run(&arguments),
        CommandLine { .. } => Err(anyhow::anyhow!("there is nothing to do; give a server's address")),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_of_both_commands_go_together() {
        CommandLine::command().debug_assert();
    }
}
