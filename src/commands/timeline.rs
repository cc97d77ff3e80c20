//! `timeline`: when each client is served under each model, drawn as one lane per client; of models of the prime service also the
//! loop and the threads that compute.

mod numbers;
mod players;
mod server_options;

use std::io::{self, IsTerminal};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use comparison::timeline::{Drawing, Timeline};
use script::Options;
use text::files::Replacement;
use text::{locale, output, terminal};

use crate::commands::check::subject::Subject;
use crate::commands::{client, interrupts, refused};
use players::{SubjectParser, meant, named_twice, players};
use server_options::ServerOptions;

/// How many clients there are, unless `--connections` says so.
const DEFAULT_CONNECTIONS: u8 = 3;

/// The width of a drawing that is not shown on a terminal.
const DEFAULT_COLUMNS: usize = 80;

/// Arguments of `timeline`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  concurrent-servers timeline                              all models of echo
  concurrent-servers timeline sequential mio               the staircase beside the bars
  concurrent-servers timeline thread-pool -n 6 --workers 2 waves, as wide as the pool
  concurrent-servers timeline 127.0.0.1:9090 mio           a server that is running, beside a model
  concurrent-servers timeline --fast --svg timeline.svg    ten times as fast, also as a picture
  concurrent-servers timeline mio --json                   what is drawn, in seconds
  concurrent-servers timeline mio --write-policy per-byte --nagle --fast   the 40 ms of the series
  concurrent-servers timeline prime-inline prime-queue     small numbers behind a big one
  concurrent-servers timeline prime-queue --workers 1 --numbers 1000000000000037,7,9   stalls, too
  concurrent-servers timeline prime-inline --cache 127.0.0.1:6380   each waits for it, in turn

To models of the prime service each client sends one number. Their servers write down when it was
read, when its test began and when it ended; the drawing adds the loop and the threads. A running
server does not do so. A cache keeps what one model has stored: start a new one for the next.

Exit codes: 0 every reply was right, 1 not so, 2 wrong arguments, 130 after Ctrl-C.")]
pub struct Arguments {
    /// Models to start, or addresses of running servers, in the order of the drawing
    /// [default: all models of echo]
    #[arg(value_name = "MODEL|ADDR", value_parser = SubjectParser, hide_possible_values = true)]
    subjects: Vec<Subject>,

    /// How many clients to run at once; more than 64 lanes would be unreadable [default: 3]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: Option<u8>,

    /// Divide the script's pauses by this divisor [default without a value: 10]
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    fast: Option<NonZeroU32>,

    /// For models of the prime service: the numbers, each with a client of its own, in the order of sending
    /// [default: 10000000000000061,7,8,9]
    #[arg(long, value_name = "NUMBER,…", value_delimiter = ',')]
    numbers: Option<Vec<u64>>,

    /// For models of the prime service: the time between two numbers [default: 20ms]
    #[arg(long, value_name = "TIME")]
    gap: Option<humantime::Duration>,

    /// Also write the drawing as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Print what is drawn as JSON: when each client arrived, was served and was done, in seconds
    #[arg(long)]
    json: bool,

    #[command(flatten, next_help_heading = "Options of the models that are started")]
    server_options: ServerOptions,
}

/// Runs the clients against each server and draws when each was served.
///
/// # Errors
/// The picture cannot be written, which is known before the clients run; a server cannot be started or reached; standard
/// output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let of_primes = match numbers::chosen(arguments) {
        Ok(models) => models,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let models = of_primes.clone().unwrap_or_else(|| meant(&arguments.subjects));
    if let Err(refusal) = arguments.server_options.check(&models) {
        return Ok(refused(&refusal));
    }
    if let Some(name) = named_twice(&arguments.subjects) {
        return Ok(refused(&format!("{name} is given twice; give each model once")));
    }
    let picture = match &arguments.svg {
        Some(file) => Some((file, Replacement::prepare(file).with_context(|| unwritable(file))?)),
        None => None,
    };
    interrupts::end_with(interrupts::interrupted)?;
    let (columns, is_unicode) = (terminal::columns().unwrap_or(DEFAULT_COLUMNS), locale::is_unicode());
    let drawn: Box<dyn Drawing> = if let Some(models) = of_primes {
        let numbers = match numbers::numbers(arguments) {
            Ok(numbers) => numbers,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        Box::new(numbers::play(arguments, &models, &numbers)?)
    } else {
        Box::new(play(arguments)?)
    };
    let text = if arguments.json { drawn.json()? } else { drawn.text(columns, is_unicode) };
    let printed = output::print(&text);
    if let Some((file, picture)) = picture {
        picture.write(drawn.svg().as_bytes()).with_context(|| unwritable(file))?;
        output::note(&format!("picture: {}", file.display()));
    }
    printed?;
    Ok(if drawn.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the scripted clients against models of echo and running servers.
fn play(arguments: &Arguments) -> Result<Timeline> {
    let players = players(&arguments.subjects, &arguments.server_options)?;
    let options = Options {
        connections: usize::from(arguments.connections.unwrap_or(DEFAULT_CONNECTIONS)),
        script: client::script(arguments.fast),
        timeout: None,
    };
    announce(&options);
    Timeline::play(&players, &options)
}

fn unwritable(file: &Path) -> String {
    format!("cannot write the picture to {}", file.display())
}

/// Explains on a terminal why there is no output for a while.
fn announce(options: &Options) {
    if io::stderr().is_terminal() {
        let turns = u32::try_from(options.connections).unwrap_or(u32::MAX);
        let seconds = options.script.duration().saturating_mul(turns).as_secs_f64();
        output::note(&format!(
            "running the clients; a server that serves one client at a time needs {seconds:.1} s …"
        ));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn models_are_chosen_by_name_and_servers_by_address() {
        let command = Command::try_parse_from(["timeline", "tokio", "127.0.0.1:81", "--fast"]).unwrap();
        assert!(matches!(
            command.arguments.subjects[..],
            [Subject::Model(model), Subject::Address(_)] if model.name == "tokio"
        ));
    }

    /// What is refused, if something is.
    fn refusal(words: &[&str]) -> Option<String> {
        let command = Command::try_parse_from([&["timeline"], words].concat()).unwrap();
        numbers::chosen(&command.arguments).and_then(|_| numbers::numbers(&command.arguments)).err()
    }

    #[test]
    fn models_of_both_services_are_not_drawn_together_and_each_has_its_own_options() {
        for (words, expected) in [
            (&["prime-queue", "mio"][..], "prime-queue is a model of the service primes, and mio is drawn"),
            (&["prime-queue", "127.0.0.1:9090"], "and 127.0.0.1:9090 is drawn with clients of echo"),
            (&["prime-queue", "--fast"], "prime-queue has no use for --fast"),
            (&["prime-queue", "-n", "3"], "prime-queue has no use for --connections"),
            (&["mio", "--numbers", "7"], "--numbers is for models of the service primes"),
            (&["--gap", "1s"], "--gap is for models of the service primes; name some of prime-threads, "),
            (&["prime-queue", "--numbers", "7,8,7"], "7 is given twice"),
        ] {
            let refusal = refusal(words).unwrap();
            assert!(refusal.contains(expected), "{words:?}: {refusal}");
        }
        assert_eq!(refusal(&["prime-queue", "--numbers", "7,8"]), None);
    }

    #[test]
    fn a_misspelt_model_is_refused_with_the_nearest_name() {
        let Err(error) = Command::try_parse_from(["timeline", "sequentail"]) else { panic!("it is refused") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("'sequential'"), "{error}");
        assert!(Command::try_parse_from(["timeline", "-n", "65"]).is_err());
        assert!(Command::try_parse_from(["timeline", "-n", "0"]).is_err());
    }
}
