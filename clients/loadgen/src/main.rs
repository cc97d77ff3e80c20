//! `loadgen`: verified load on one server. The launcher's `load` is the same, its `compare` does it for every
//! model.

use std::process::ExitCode;

use clap::Parser;
use loadgen::command;

/// Puts verified load on a server and reports how long it took to answer
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exits with 1 if any connection failed or the asked rate was not kept; starved connections are a result."
)]
struct CommandLine {
    #[command(flatten)]
    arguments: command::Arguments,
}

fn main() -> ExitCode {
    command::run(&CommandLine::parse().arguments).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
