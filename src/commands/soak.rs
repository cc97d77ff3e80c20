//! `soak`: one model under all hostile behaviours and verified load at once, for minutes.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use text::output;
use trials::soak;

use crate::commands::{interrupts, refused};
use crate::models::{self, Form};

/// Arguments of `soak`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers soak mio --minutes 20
  concurrent-servers soak thread-pool --minutes 2 --seed 7 --json
  concurrent-servers soak tokio --runtime per-core
  concurrent-servers soak prime-queue --workers 2

Takes its --minutes, and up to two more to start, come to rest and stop.

Exit codes: 0 no verified client saw an error and nothing grew past its bound, 1 otherwise,
2 wrong arguments, 130 after Ctrl-C.")]
pub struct Arguments {
    /// The model; it is started as a separate process
    #[arg(value_parser = PossibleValuesParser::new(models::names_of_both()))]
    model: String,

    /// Duration in minutes
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,

    /// Duration in seconds, for tests
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: Option<u64>,

    /// Seed of the random choices: the same seed repeats another run
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten, next_help_heading = "Another form of the model")]
    form: Form,
}

/// Soaks the model, prints the outcome, and fails if a promise was broken.
///
/// # Errors
/// The server cannot be started or observed (which needs Linux), or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let subject = match models::subject(&arguments.model, &arguments.form)? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    interrupts::end_with(interrupts::interrupted)?;
    let length = Duration::from_secs(arguments.seconds.unwrap_or(arguments.minutes * 60));
    let mut say = |line: &str| if arguments.json { Ok(()) } else { output::print(line) };
    let report = soak::run(&subject, arguments.seed, length, &mut say)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&report).context("cannot write JSON")?;
        output::print(&(json + "\n"))?;
    } else {
        output::print(&report.to_string())?;
    }
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
