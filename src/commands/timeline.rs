//! `timeline`: when each scripted client is served under each model, drawn as one lane per client.

use std::fs;
use std::io::{self, IsTerminal};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use comparison::timeline::Timeline;
use script::Options;
use text::output;

use crate::commands::client;
use crate::models;

/// The width of a drawing that is not shown on a terminal.
const DEFAULT_COLUMNS: usize = 80;

/// Arguments of `timeline`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  concurrent-servers timeline                              all models
  concurrent-servers timeline sequential mio               the staircase beside the bars
  concurrent-servers timeline --fast --svg timeline.svg    ten times as fast, also as a picture

Exit code: 0 if every reply was right, 1 if not.")]
pub struct Arguments {
    /// The models to draw [default: all]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names()), hide_possible_values = true)]
    models: Vec<String>,

    /// How many clients to run at once; more than 64 lanes would be unreadable
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,

    /// Divide the script's pauses by this divisor [default without a value: 10]
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    fast: Option<NonZeroU32>,

    /// Also write the drawing as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Runs the clients against each model and draws when each was served.
///
/// # Errors
/// A model cannot be started, or the picture cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let options = Options {
        connections: usize::from(arguments.connections),
        script: client::script(arguments.fast),
        timeout: None,
    };
    announce(&options);
    let timeline = Timeline::play(&models::servers()?, &arguments.models, &options)?;
    output::print(&timeline.text(columns()))?;
    if let Some(file) = &arguments.svg {
        fs::write(file, timeline.svg())
            .with_context(|| format!("cannot write the picture to {}", file.display()))?;
    }
    Ok(if timeline.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Explains on a terminal why there is no output for a while.
fn announce(options: &Options) {
    if io::stderr().is_terminal() {
        let turns = u32::try_from(options.connections).unwrap_or(u32::MAX);
        let seconds = options.script.duration().saturating_mul(turns).as_secs_f64();
        anstream::eprintln!(
            "running the clients; a server that serves one client at a time needs {seconds:.1} s …"
        );
    }
}

/// The width of the drawing, in columns.
fn columns() -> usize {
    let stdout = io::stdout();
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { DEFAULT_COLUMNS } else { columns }
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
    fn models_are_chosen_by_name() {
        let command = Command::try_parse_from(["timeline", "tokio", "mio", "--fast"]).unwrap();
        assert_eq!(command.arguments.models, ["tokio", "mio"]);
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
