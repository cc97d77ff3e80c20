//! `loadgen`: verified load on one server. The launcher's `load` does the same; its `compare` loads every
//! model.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use loadgen::{command, merge};
use text::output;

/// Puts verified load on a server and reports its response times
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exits with 1 if any connection failed, the requested rate was not reached, no message was \
                  answered in the window, or something could not be \
                  written; with 2 if an option is wrong. Starved connections are a result and no failure, and so is an \
                  invalid verdict for which the server is not to blame. Ctrl-C and SIGTERM end the run early: it reports \
                  what was measured so far and exits with 130 or 143. A second one, half a second later or more, \
                  ends the process at once."
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
        output::note(&format!("error: cannot set up signals: {error}"));
        return ExitCode::FAILURE;
    }
    let result = match CommandLine::parse() {
        CommandLine { command: Some(Command::Merge(arguments)), .. } => merge::run(&arguments),
        CommandLine { arguments: Some(arguments), .. } => command::run(&arguments),
        CommandLine { .. } => {
            let missing = "no address given; add the server's address, such as 127.0.0.1:9090";
            CommandLine::command().error(ErrorKind::MissingRequiredArgument, missing).exit()
        }
    };
    result.unwrap_or_else(|error| {
        output::note(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_both_commands_do_not_conflict() {
        CommandLine::command().debug_assert();
    }
}
