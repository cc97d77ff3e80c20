//! `loadgen`: verified load on one server. The launcher's `load` does the same; its `compare` loads every
//! model.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use loadgen::{command, merge};

/// Puts verified load on a server and reports its response times
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exits with 1 if any connection failed or the requested rate was not reached; starved connections \
                  are a result and no failure. Ctrl-C ends the run early, reports what was measured so far, and \
                  exits with 130."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    arguments: Option<command::Arguments>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add up the histogram logs of several machines or runs and print the percentiles of the sums
    Merge(merge::Arguments),
}

fn main() -> ExitCode {
    if let Err(error) = signals::reset_inherited() {
        eprintln!("error: cannot set up signals: {error}");
        return ExitCode::FAILURE;
    }
    let result = match CommandLine::parse() {
        CommandLine { command: Some(Command::Merge(arguments)), .. } => merge::run(&arguments),
        CommandLine { arguments: Some(arguments), .. } => command::run(&arguments),
        CommandLine { .. } => {
            Err(anyhow::anyhow!("no address given; add the server's address, such as 127.0.0.1:9090"))
        }
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
    fn the_arguments_of_both_commands_do_not_conflict() {
        CommandLine::command().debug_assert();
    }
}
