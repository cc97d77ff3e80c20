//! `faults`: injects failing system calls into a running model, one by one, and checks its promises.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use text::{output, terminal};
use trials::faults::{self, Thoroughness};

use crate::commands::{interrupts, refused};
use crate::models::{self, Form};

/// Arguments of `faults`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers faults mio                 every fault at every call
  concurrent-servers faults tokio --sample 2    each fault at no more than two calls
  concurrent-servers faults mio --only accept4,sendto
  concurrent-servers faults tokio --runtime per-core
  concurrent-servers faults --list              what is injected, and the required outcome

Needs Linux and strace. In release it takes about two minutes for a model that blocks, four
for mio and five for tokio. A fault counts only if the trace confirms it. Counts vary from
run to run, because the number of calls of each thread varies.

Exit codes: 0 every fault was survived, 1 at least one was not, 2 wrong arguments, 3 no fault
could be injected, 130 after Ctrl-C.")]
pub struct Arguments {
    /// Which model; its servers are started as processes of their own
    #[arg(value_parser = PossibleValuesParser::new(models::names_of_both()), required_unless_present = "list")]
    model: Option<String>,

    /// Inject each fault at no more than N calls, drawn from the seed, instead of at all calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    sample: Option<u16>,

    /// Inject only faults of these system calls
    #[arg(long, value_name = "CALL,…", value_delimiter = ',', value_parser = parse_call)]
    only: Vec<String>,

    /// Number of pairs of simultaneous faults, drawn from the seed; none with --only
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pairs: u32,

    /// Duration of a lasting shortage
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_lasting)]
    lasting: Duration,

    /// Seed of the random choices: the same seed repeats another run
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Print what is injected instead of injecting it
    #[arg(long, conflicts_with_all = ["model", "json", "sample", "pairs", "lasting", "seed", "Form", "Sending"])]
    list: bool,

    #[command(flatten, next_help_heading = "Another form of the model")]
    form: Form,
}

/// Runs the sweeps and prints their outcomes.
///
/// # Errors
/// A server does not start even without a fault, strace cannot attach, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Some(name) = &arguments.model else {
        output::print(&faults::list(&arguments.only, terminal::columns()))?;
        return Ok(ExitCode::SUCCESS);
    };
    let subject = match models::subject(name, &arguments.form)? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    if let Some(reason) = faults::missing() {
        output::note(&format!("skipped, no fault injected: {reason}"));
        return Ok(ExitCode::from(3));
    }
    interrupts::end_with(|| {
        faults::discard_logs();
        interrupts::interrupted()
    })?;
    let thoroughness = Thoroughness {
        sample: arguments.sample.map(usize::from),
        seed: arguments.seed,
        lasting: arguments.lasting,
        pairs: arguments.pairs,
    };
    let mut printed = Ok(());
    let report = faults::run(&subject, &arguments.only, &thoroughness, &mut |line| {
        if !arguments.json && printed.is_ok() {
            printed = output::print(&line.text(terminal::columns()));
        }
    })?;
    printed?;
    if arguments.json {
        output::print(&(serde_json::to_string_pretty(&report).context("cannot write JSON")? + "\n"))?;
    } else {
        output::print(&report.totals())?;
    }
    Ok(match (report.findings.is_empty(), report.fired) {
        (false, _) => ExitCode::FAILURE,
        (true, 0) => ExitCode::from(3),
        (true, _) => ExitCode::SUCCESS,
    })
}

fn parse_call(text: &str) -> Result<String, String> {
    if faults::is_planned(text) {
        return Ok(text.to_owned());
    }
    Err("no fault is planned for this call; --list shows all calls".to_owned())
}

fn parse_lasting(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&time) => Ok(time),
        Ok(_) => Err("this must be between 1s and 60s".to_owned()),
        Err(error) => Err(format!("{error}; give a duration such as 10s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_fault_is_refused_with_advice() {
        assert!(parse_call("epoll_wait").is_ok());
        assert!(parse_call("fork").unwrap_err().contains("--list"));
    }

    #[test]
    fn a_shortage_lasts_1_to_60_seconds() {
        assert_eq!(parse_lasting("2s"), Ok(Duration::from_secs(2)));
        assert!(parse_lasting("0s").is_err() && parse_lasting("1h").is_err() && parse_lasting("7").is_err());
    }
}
