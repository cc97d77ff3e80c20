//! The launcher: every model, client and measurement by name.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use concurrent_servers::{client, trace};

#[derive(Parser)]
#[command(name = "concurrent-servers", version, about)]
struct Launcher {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Client(client::Arguments),
    Trace(trace::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match &Launcher::parse().command {
        Command::Client(arguments) => client::run(arguments),
        Command::Trace(arguments) => trace::run(arguments),
    }
}
