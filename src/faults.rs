//! `faults`: lets system calls of a running model fail, one after the other, and holds it to its promises.
//!
//! ```text
//!   plan: which calls, which errors ──► sweep ──► strace, attached to the server ──► the server
//!                                         │                                             ▲
//!                                         └──► four scripted clients, every byte verified ┘
//! ```
//!
//! A fault counts only if the trace confirms that it was injected. After each one a fresh client must be served
//! and the server must hold no more than before; after all of them the same process is held to the catalogue.
//!
//! | file | idea |
//! | --- | --- |
//! | `plan.rs` | which calls fail how, and what must come of it |
//! | `clients.rs`, `server.rs` | who is served, and who serves |
//! | `sweep.rs`, `stages.rs` | trials: while serving; while starting and stopping |
//! | `report.rs` | what came of it |

mod clients;
mod plan;
mod report;
mod server;
mod stages;
mod sweep;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use conformance::{Case, Needs, Target};
use observe::strace;

use crate::models::{self, Model};
use plan::{Expected, Fault, PLAN, Row, Stage};
use report::{Line, Report};
use sweep::{Sweep, Thoroughness};
use text::output;

/// Arguments of `faults`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers faults mio                 every fault in every place, a few minutes
  concurrent-servers faults tokio --sample 2    at most two places of each fault
  concurrent-servers faults mio --only accept4,sendto
  concurrent-servers faults --list              what is injected, and what must come of it

Needs Linux and strace. A fault counts only if the trace confirms it. Counts vary from
run to run, since which thread makes how many calls does.

Exit codes: 0 every fault was survived, 1 at least one was not, 2 wrong arguments, 3 no fault
could be injected.")]
pub struct Arguments {
    /// Which model; its servers are started as processes of their own
    #[arg(value_parser = PossibleValuesParser::new(models::names()), required_unless_present = "list")]
    model: Option<String>,

    /// Try at most N places of each fault, drawn from the seed, instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    sample: Option<u16>,

    /// Only faults of these system calls
    #[arg(long, value_name = "CALL,…", value_delimiter = ',', value_parser = parse_call)]
    only: Vec<String>,

    /// Pairs of faults at the same time, drawn from the seed; none with --only
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pairs: u32,

    /// How long a lasting shortage lasts
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_lasting)]
    lasting: Duration,

    /// Repeats the random choices of another run
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// The result as JSON, for machines
    #[arg(long)]
    json: bool,

    /// Show what is injected instead of doing it
    #[arg(long, conflicts_with_all = ["model", "json", "sample"])]
    list: bool,
}

/// Runs the sweeps and prints what came of them.
///
/// # Errors
/// A server does not start without a fault, strace cannot attach, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let rows: Vec<&Row> = PLAN.iter().filter(|row| is_meant(row, &arguments.only)).collect();
    let Some(name) = &arguments.model else {
        output::print(&list(&rows))?;
        return Ok(ExitCode::SUCCESS);
    };
    let model = models::find(name).context("no such model")?;
    if let Some(reason) = strace::missing() {
        anstream::eprintln!("skipped, no fault injected: {reason}");
        return Ok(ExitCode::from(3));
    }
    // For logs and traces; gone when this is dropped.
    let folder = tempfile::tempdir().context("cannot make a folder for logs")?;
    let start = Instant::now();
    let mut report = sweep(model, &rows, arguments, folder.path())?;
    report.seconds = start.elapsed().as_secs_f64();
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

fn sweep(model: &'static Model, rows: &[&Row], arguments: &Arguments, folder: &Path) -> Result<Report> {
    let thoroughness = Thoroughness {
        sample: arguments.sample.map(usize::from),
        seed: arguments.seed,
        lasting: arguments.lasting,
        pairs: arguments.pairs,
    };
    let mut report = Report::new(model.name, &thoroughness);
    let mut printed = Ok(());
    let mut sweep = Sweep::begin(model, folder, &thoroughness)?;
    let mut finished = |line: Line| {
        if !arguments.json && printed.is_ok() {
            printed = output::print(&format!("{line}\n"));
        }
        report.add(line);
    };
    for row in rows {
        match row.stage {
            Stage::Starting => sweep.starting(row, &mut finished),
            Stage::Serving => sweep.serving(row, &mut finished),
            Stage::Draining => sweep.draining(row, &mut finished),
        }
        .with_context(|| format!("in the sweep over {} while {}", row.calls, row.stage.name()))?;
    }
    if arguments.only.is_empty() {
        finished(sweep.pairs()?);
    }
    printed?;
    let server = sweep.into_server();
    if report.fired == 0 {
        return Ok(report);
    }
    let memory = server.expect_memory(); // the catalogue may use more
    let cases: Vec<&Case> = conformance::cases().filter(|case| case.needs == Needs::Address).collect();
    let target = Target::at(server.process().address(), model.concurrency);
    let held = conformance::run(&target, &cases, &conformance::Options::default(), &mut |case| {
        if let conformance::Outcome::Failed(failure) = &case.outcome {
            report.findings.push(format!("after the faults, {}: {failure}", case.id));
        }
    });
    (report.cases_passed, report.cases_failed, report.cases_skipped) =
        (held.passed, held.failed, held.skipped);
    if let Err(error) = memory.and_then(|()| server.end()) {
        report.findings.push(format!("after the faults: {error:#}"));
    }
    Ok(report)
}

fn is_meant(row: &Row, only: &[String]) -> bool {
    only.is_empty() || only.iter().any(|call| row.names().any(|name| name == call))
}

fn parse_call(text: &str) -> Result<String, String> {
    if PLAN.iter().any(|row| row.names().any(|name| name == text)) {
        return Ok(text.to_owned());
    }
    Err("no fault is planned for such a call; --list shows them all".to_owned())
}

fn parse_lasting(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&time) => Ok(time),
        Ok(_) => Err("between 1s and 60s".to_owned()),
        Err(error) => Err(format!("{error}; write it like 10s")),
    }
}

fn list(rows: &[&Row]) -> String {
    let line = |row: &&Row| {
        let faults: Vec<_> = row.faults.iter().map(|fault| Fault::name(*fault)).collect();
        let (stage, calls) = (row.stage.name(), row.calls.replace('?', ""));
        format!("{stage:<8} {calls:<24} {:<37} {}\n", Expected::text(row.expected), faults.join(" "))
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_without_marks() {
        assert!(parse_call("epoll_wait").is_ok());
        assert!(parse_call("?epoll_wait").is_err());
        assert!(parse_call("fork").unwrap_err().contains("--list"));
    }

    #[test]
    fn a_selection_keeps_all_rows_of_its_calls() {
        let only = ["accept4".to_owned()];
        let rows: Vec<_> = PLAN.iter().filter(|row| is_meant(row, &only)).collect();
        assert!(rows.len() >= 4 && rows.iter().all(|row| row.calls == "accept4"));
    }

    #[test]
    fn a_shortage_lasts_some_seconds() {
        assert_eq!(parse_lasting("2s"), Ok(Duration::from_secs(2)));
        assert!(parse_lasting("0s").is_err() && parse_lasting("1h").is_err() && parse_lasting("7").is_err());
    }
}
