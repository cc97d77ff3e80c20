//! `concurrent-servers`: parses the command line and hands over to the subcommand's own file.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use concurrent_servers::commands::{
    audit, check, client, compare, completions, faults, list, load, merge, record, serve, soak, timeline,
    trace,
};

/// One protocol, one server per concurrency model, and the tools to compare them
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Examples:
  concurrent-servers list                          which models there are
  concurrent-servers serve mio                     one of them, on 127.0.0.1:9090
  concurrent-servers client -n 3                   the series' clients, against it
  concurrent-servers timeline sequential mio       the staircase beside the bars
  concurrent-servers check tokio                   does it hold every promise?
  concurrent-servers compare                       all models side by side"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models and what each teaches
    List(list::Arguments),
    /// Run a server by the name of its model
    Serve(serve::Arguments),
    /// Play the scripted client of the series
    ///
    /// Each connection waits for the greeting '*', sends three buffers with pauses between them and logs
    /// whatever arrives; every byte of the reply is verified. Against a server that serves one client at
    /// a time the connections wait for each other; against a concurrent one they run side by side.
    Client(client::Arguments),
    /// Play the scripted client against models and draw a lane for each client
    ///
    /// A model that serves one client at a time shows a staircase; all others show bars side by side.
    Timeline(timeline::Arguments),
    /// Walk buffers through the state machine and print each transition
    ///
    /// The buffers are the reads of one connection: the state is kept from one to the next. The whole
    /// reply is the last line. Options stand before the first buffer.
    Trace(trace::Arguments),
    /// Hold a model, or any server at an address, to the conformance catalogue
    Check(check::Arguments),
    /// Let system calls of a model fail, one after the other, and hold it to its promises (Linux, strace)
    ///
    /// Errors, delays and signals are injected into a running server with strace: while it starts, serves and
    /// stops, in every place, singly and in pairs. No byte may be wrong, nobody else may be harmed, and nothing
    /// may be left behind; after all of them the same process is held to the catalogue.
    Faults(faults::Arguments),
    /// Put verified load on a server: closed loop, open loop, churn, idle and slow clients
    ///
    /// Every reply byte is verified. In a closed loop each connection sends its next message when a reply
    /// is complete. In an open loop (--rate) messages are due by the clock, whatever the server does, and
    /// are timed from then: what a stall costs the messages behind it is seen.
    Load(load::Arguments),
    /// Soak one model in hostile clients and verified load at once, for minutes
    ///
    /// Clients that reset, vanish, never read, trickle, send garbage, half-close or sit idle in crowds, and beside
    /// them good ones whose every reply byte is verified. At the end the server must hold no more than before.
    Soak(soak::Arguments),
    /// Run everything that could show a model not to hold, and keep the figures: an hour, or minutes with --quick
    Audit(audit::Arguments),
    /// Add the histogram logs of several machines or runs, and print percentiles of the sums
    ///
    /// `load --hist-out FILE` writes such a log. Histograms are added tag by tag, and percentiles are read from
    /// the sum: percentiles of several runs must never be averaged.
    Merge(merge::Arguments),
    /// Compare all models under the same loads, in rounds, with intervals and a report
    ///
    /// Every model runs as a process of its own, freshly started for each trial, and every reply byte is
    /// verified. Each round tries every model once, in a balanced order, beside raw echo without a protocol
    /// (the floors), which the models are divided by, and beside the floors' twins, which show the noise. A
    /// run is written to a folder as it goes: raw records, and a report that is one HTML file.
    Compare(compare::Arguments),
    /// Make a run for the record, and write what the documents say from it
    Record(record::Arguments),
    /// Write a completion script for a shell
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::List(arguments) => list::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Client(arguments) => client::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, &mut CommandLine::command()),
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_all_commands_go_together() {
        CommandLine::command().debug_assert();
    }
}
