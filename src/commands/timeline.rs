//! `timeline`: when each scripted client is served under each model, drawn as one lane per client.

mod players;
mod server_options;

use std::io::{self, IsTerminal};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use comparison::timeline::Timeline;
use script::Options;
use text::files::Replacement;
use text::{locale, output, terminal};

use crate::commands::check::subject::Subject;
use crate::commands::{client, interrupts, refused};
use players::{SubjectParser, meant, named_twice, players};
use server_options::ServerOptions;

/// The width of a drawing that is not shown on a terminal.
const DEFAULT_COLUMNS: usize = 80;

/// Arguments of `timeline`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  concurrent-servers timeline                              all models
  concurrent-servers timeline sequential mio               the staircase beside the bars
  concurrent-servers timeline thread-pool -n 6 --workers 2 waves, as wide as the pool
  concurrent-servers timeline 127.0.0.1:9090 mio           a server that is running, beside a model
  concurrent-servers timeline --fast --svg timeline.svg    ten times as fast, also as a picture
  concurrent-servers timeline mio --write-policy per-byte --nagle --fast   the 40 ms of the series

Exit codes: 0 every reply was right, 1 not so, 2 wrong arguments, 130 after Ctrl-C.")]
pub struct Arguments {
    /// Models to start, or addresses of running servers, in the order of the drawing [default: all models]
    #[arg(value_name = "MODEL|ADDR", value_parser = SubjectParser, hide_possible_values = true)]
    subjects: Vec<Subject>,

    /// How many clients to run at once; more than 64 lanes would be unreadable
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,

    /// Divide the script's pauses by this divisor [default without a value: 10]
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    fast: Option<NonZeroU32>,

    /// Also write the drawing as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Options of the models that are started")]
    server_options: ServerOptions,
}

/// Runs the clients against each server and draws when each was served.
///
/// # Errors
/// The picture cannot be written, which is known before the clients run; a server cannot be started or reached; standard
/// output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Err(refusal) = arguments.server_options.check(&meant(&arguments.subjects)) {
        return Ok(refused(&refusal));
    }
    if let Some(name) = named_twice(&arguments.subjects) {
        return Ok(refused(&format!("{name} is given twice; give each model once")));
    }
    let players = players(&arguments.subjects, &arguments.server_options)?;
    let picture = match &arguments.svg {
        Some(file) => Some((file, Replacement::prepare(file).with_context(|| unwritable(file))?)),
        None => None,
    };
    let options = Options {
        connections: usize::from(arguments.connections),
        script: client::script(arguments.fast),
        timeout: None,
    };
    interrupts::end_with(interrupts::interrupted)?;
    announce(&options);
    let timeline = Timeline::play(&players, &options)?;
    let columns = terminal::columns().unwrap_or(DEFAULT_COLUMNS);
    let printed = output::print(&timeline.text(columns, locale::is_unicode()));
    if let Some((file, picture)) = picture {
        picture.write(timeline.svg().as_bytes()).with_context(|| unwritable(file))?;
        output::note(&format!("picture: {}", file.display()));
    }
    printed?;
    Ok(if timeline.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

    #[test]
    fn a_model_of_the_prime_service_is_refused_since_the_clients_speak_echo() {
        for model in crate::models::PRIMES {
            let Err(error) = Command::try_parse_from(["timeline", model.name]) else {
                panic!("it is refused")
            };
            assert!(error.to_string().contains("is a model of the service primes"), "{error}");
        }
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
