//! `concurrent-servers`: parses the command line and calls the subcommand's own file.

use std::any::TypeId;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::Error;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use concurrent_servers::commands::{
    WRONG_ARGUMENTS, audit, cache, check, client, compare, completions, diff, exercise, faults, leash, list,
    load, merge, record, scorecard, serve, soak, threads, timeline, trace,
};
use concurrent_servers::help;
use text::output;

/// Two small services, one server per concurrency model, and the tools to compare them
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Examples:
  concurrent-servers list                          which models there are
  concurrent-servers serve mio                     one of them, on 127.0.0.1:9090
  concurrent-servers client -n 3                   the series' clients, against it
  concurrent-servers timeline sequential mio       the staircase beside the bars
  concurrent-servers check tokio                   test every promise
  concurrent-servers compare                       all models side by side"
)]
struct CommandLine {
    /// Only parse the command, which is what a check of documents wants to know: print nothing, and exit with 0 or 2
    #[arg(long, hide = true)]
    parse_only: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models and what each teaches
    List(list::Arguments),
    /// Run a server by the name of its model
    Serve(serve::Arguments),
    /// Run the scripted client of the series
    ///
    /// Each connection waits for the greeting '*', sends three buffers with pauses between them and logs
    /// every reply; every reply byte is verified. With a server that serves one client at
    /// a time the connections wait for each other; with a concurrent server they run side by side.
    Client(client::Arguments),
    /// Draw who waits and who is served: scripted clients, or numbers
    ///
    /// A model that serves one client at a time produces a staircase; all others produce parallel bars.
    Timeline(timeline::Arguments),
    /// Print each transition of the state machine, or predict it
    ///
    /// The buffers are the reads of one connection: the state is kept from one to the next. The last line
    /// is the whole reply. A buffer that begins with a dash must follow `--`. With --predict, you say first what the
    /// server sends after each read.
    Trace(trace::Arguments),
    /// Learn by mending small programs, which are then graded
    ///
    /// Each exercise is a small program in the folder exercises that compiles and fails: its README says what it is to do, the
    /// source where to change it. It is built and tested, and what fails is explained.
    Exercise(exercise::Arguments),
    /// Test every promise of a model, or of any server at an address
    Check(check::Arguments),
    /// Show what differs between the code of two models
    ///
    /// It compares their pages line by line, without the explanations at the heads. With one model: that page against the page of
    /// the model that a reader comes from.
    Diff(diff::Arguments),
    /// Inject failing system calls into a model (Linux, strace)
    ///
    /// strace injects errors, delays and signals into a running server: while it starts, serves and stops, at
    /// every call, one at a time and in pairs. No reply byte may be wrong, no other client may be affected, and
    /// no resource may leak. After all faults the same process must pass the conformance catalogue.
    Faults(faults::Arguments),
    /// Put verified load on a server, and time every reply
    ///
    /// In a closed loop or an open one, with connections that come and go, with idle and with slow clients. Every reply byte is verified. In a closed loop each connection sends its next message when a reply
    /// is complete. In an open loop (--rate) messages are due by the clock, whatever the server does, and
    /// are timed from when they were due. So a stall counts for every message that it delays: there is no
    /// coordinated omission.
    Load(load::Arguments),
    /// Run hostile clients beside good ones against a model, for minutes
    ///
    /// The hostile clients reset, disappear, never read, trickle, send garbage, half-close or stay idle in large
    /// numbers. Beside them run good clients whose every reply byte is verified. At the end the server must hold
    /// no more descriptors, threads and memory than before.
    Soak(soak::Arguments),
    /// Run all tests at full size on every model, for hours, and count
    Audit(audit::Arguments),
    /// Run a stand-in for Redis that answers after a latency
    ///
    /// It is what a server waits for that looks something up on another machine. The latency of an answer begins when its
    /// request arrives, so requests that are sent together are answered together.
    Cache(cache::Arguments),
    /// Measure what idle threads, coroutines and tasks cost (Linux)
    ///
    /// Each kind is started in a process of its own, which is observed from outside: its memory and the kernel's, the time
    /// to start them all, and CPU time.
    Threads(threads::Arguments),
    /// Add the histograms of several machines or runs
    ///
    /// `load --hist-out FILE` writes such a log; percentiles of the sums are printed. Histograms are added tag by tag, and percentiles are read from
    /// the sum: percentiles of several runs must never be averaged.
    Merge(merge::Arguments),
    /// Compare all models under the same loads, with a report
    ///
    /// Every model runs in its own process, newly started for each trial, and every reply byte is verified.
    /// Each round measures every model once, in a balanced order, together with the floors (raw echo without
    /// a protocol), which the models are divided by, and the floors' twins, which show the noise. Figures have confidence
    /// intervals. A run is
    /// written to a folder as it progresses: the raw records, and a report in one HTML file.
    Compare(compare::Arguments),
    /// Make a recorded run and write its figures into the documents
    Record(record::Arguments),
    /// Show how easy each model is to write
    ///
    /// Lines, cognitive complexity, nesting, unsafe blocks, dependencies, the size of the program, what differs from the model
    /// before it, and what of the catalogue and of the injected faults it survived. There is no total.
    Scorecard(scorecard::Arguments),
    /// Write a completion script for a shell
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    // First, since a program that is not ours has what its parent leaves behind.
    if let Some(error) = leash::run_if_asked(std::env::args_os()) {
        return failed(&error);
    }
    if let Err(error) = signals::reset_inherited() {
        return failed(&anyhow::Error::from(error).context("cannot set up signals"));
    }
    let line = match parse() {
        Ok(line) if line.parse_only => return ExitCode::SUCCESS,
        Ok(line) => line,
        Err(error) => return explained(&error),
    };
    let result = match line.command {
        Command::List(arguments) => list::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Client(arguments) => client::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Exercise(arguments) => exercise::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Cache(arguments) => cache::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Threads(arguments) => threads::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Scorecard(arguments) => scorecard::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, &CommandLine::command()),
    };
    result.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    output::note(&format!("error: {error:#}"));
    ExitCode::FAILURE
}

fn parse() -> Result<CommandLine, Error> {
    let mut command = help::grouped(named_in_errors(CommandLine::command()));
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    CommandLine::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Lets every option take a value that begins with a dash, so that a negative number or time is refused as the value of
/// that option, and not as an unknown option `-1`. Not so for files: any text names one, and the next option may be meant.
fn named_in_errors(command: clap::Command) -> clap::Command {
    let named = |argument: Arg| {
        let is_option = argument.get_action().takes_values() && !argument.is_positional();
        let is_file = argument.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        if is_option && !is_file { argument.allow_hyphen_values(true) } else { argument }
    };
    command.mut_subcommands(|subcommand| subcommand.mut_args(named))
}

/// Prints the help that was asked for, or what is wrong with the arguments.
fn explained(error: &Error) -> ExitCode {
    if error.use_stderr() {
        output::note(error.render().ansi().to_string().trim_end());
        return ExitCode::from(WRONG_ARGUMENTS);
    }
    match output::print(&error.render().ansi().to_string()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_all_commands_are_consistent() {
        named_in_errors(CommandLine::command()).debug_assert();
    }

    #[test]
    fn every_command_stands_in_one_group_of_the_help_and_in_one_line() {
        let mut command = CommandLine::command();
        command.build();
        for verb in command.get_subcommands() {
            let name = verb.get_name();
            let groups = help::GROUPS.iter().filter(|(_, names)| names.contains(&name)).count();
            assert_eq!(groups, 1, "{name}: give it one place in GROUPS of src/help.rs");
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!((1..=65).contains(&about.chars().count()), "{name} takes more than 80 columns: {about}");
        }
        for name in help::GROUPS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(command.find_subcommand(name).is_some(), "{name} in GROUPS of src/help.rs is no command");
        }
    }

    #[test]
    fn no_line_of_examples_and_exit_codes_is_too_long_for_the_help() {
        for verb in CommandLine::command().get_subcommands() {
            let text = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            // clap wraps at 100 columns, and then goes on with the rest of the line in a line of its own.
            let long = text.lines().find(|line| line.chars().count() > 100);
            assert_eq!(long, None, "{}", verb.get_name());
        }
    }
}
