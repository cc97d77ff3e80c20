//! `check`: runs the conformance catalogue against a model, or any server that speaks the protocol.

mod subject;

use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use conformance::{Case, CaseReport, Concurrency, Options, Outcome, Report, Settings, Target};
use serde::Serialize;

use observe::child::this_program;
use subject::{Subject, parse_case, parse_concurrency, parse_subject};
use text::addresses::Addresses;
use text::output;
use trials::Launcher;

/// Arguments of `check`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers check mio                         every case, against servers that it starts
  concurrent-servers check sequential --only A,F6      one group and one case
  concurrent-servers check --list                      what the cases require and need
  concurrent-servers check 127.0.0.1:9090 --concurrency 64 --idle-timeout 2s
                                                       your own server, and what it promises

After every case a new client must still be served. A case that does not apply to a
server is skipped, with the reason.

Exit codes: 0 every case that ran passed, 1 at least one failed, 2 wrong arguments,
3 no case could run.")]
pub struct Arguments {
    /// A model, or the address of a running server
    #[arg(value_name = "MODEL|ADDR", value_parser = parse_subject, required_unless_present = "list")]
    subject: Option<Subject>,

    /// Run only these cases (by id) or groups (by letter)
    #[arg(long, value_name = "A,B3,…", value_delimiter = ',', value_parser = parse_case)]
    only: Vec<String>,

    /// Run cases at full size, such as 8 GiB over one connection: takes minutes
    #[arg(long)]
    long: bool,

    /// Seed of the random choices: the same seed repeats another run
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().seed)]
    seed: u64,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Print the cases instead of running them
    #[arg(long, conflicts_with_all = ["subject", "json", "long"])]
    list: bool,

    #[command(flatten, next_help_heading = "What a server at an address promises")]
    promises: Promises,
}

/// What `check` cannot know about a server at an address.
#[derive(clap::Args, Debug)]
struct Promises {
    /// How many clients it serves at a time: `one`, `many` or its number of workers [default: many]
    #[arg(long, value_name = "one|many|N", value_parser = parse_concurrency)]
    concurrency: Option<Concurrency>,

    /// Its idle timeout; use a few seconds, because the cases wait for it
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    idle_timeout: Option<Duration>,

    /// Its write timeout: it drops a client that takes no reply byte for this long
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    write_timeout: Option<Duration>,

    /// Its progress timeout: a client in the middle of a message or reply must move 1 KiB within it
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    progress_timeout: Option<Duration>,
}

/// Runs the cases and prints the outcome of each.
///
/// # Errors
/// Nothing listens at the address, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let cases = chosen(&arguments.only);
    let Some(subject) = &arguments.subject else {
        output::print(&list(&cases))?;
        return Ok(ExitCode::SUCCESS);
    };
    let promises = &arguments.promises;
    match subject {
        Subject::Model(model) => {
            if promises.concurrency.is_some()
                || promises.idle_timeout.is_some()
                || promises.write_timeout.is_some()
                || promises.progress_timeout.is_some()
            {
                anstream::eprintln!(
                    "error: the promises of {} are known: --concurrency and the timeouts are for servers at an address; leave them out",
                    model.name
                );
                return Ok(ExitCode::from(2));
            }
            let launcher = Launcher { subject: model.subject(&this_program()?) };
            check(model.name, &launcher.target(), &cases, arguments)
        }
        Subject::Address(addresses) => {
            let address = require_listener(addresses)?;
            let concurrency = promises.concurrency.unwrap_or(Concurrency::Many);
            let Promises { idle_timeout, write_timeout, progress_timeout, .. } = *promises;
            let declared = Settings { idle_timeout, write_timeout, progress_timeout, ..Settings::NONE };
            let target = Target::at_with(address, concurrency, declared);
            check(&addresses.with(address), &target, &cases, arguments)
        }
    }
}

/// The named cases in the order of the catalogue; all cases if `names` is empty.
fn chosen(names: &[String]) -> Vec<&'static Case> {
    let is_meant = |case: &&Case| {
        names.is_empty()
            || names.iter().any(|name| conformance::find(name).iter().any(|named| named.id == case.id))
    };
    conformance::cases().filter(is_meant).collect()
}

fn list(cases: &[&Case]) -> String {
    let row = |case: &&Case| format!("{:<4} {:<20} {}\n", case.id, case.needs, case.title);
    format!("{:<4} {:<20} {}\n", "id", "needs", "what is required")
        + &cases.iter().map(row).collect::<String>()
}

/// Distinguishes a server that is not running from one that fails. Returns the first address at which one runs.
fn require_listener(addresses: &Addresses) -> Result<SocketAddr> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let connect = |address, within| TcpStream::connect_timeout(&address, within);
    let (address, _) = addresses.try_each(PATIENCE, connect).context("nothing could be checked")?;
    Ok(address)
}

/// A report and its target.
#[derive(Serialize)]
struct NamedReport<'name> {
    /// This program's version.
    version: &'name str,
    target: &'name str,
    #[serde(flatten)]
    report: Report,
}

fn check(target: &str, place: &Target<'_>, cases: &[&Case], arguments: &Arguments) -> Result<ExitCode> {
    let options = Options { long: arguments.long, seed: arguments.seed, ..Options::default() };
    let mut printed = Ok(());
    let report = conformance::run(place, cases, &options, &mut |case| {
        if !arguments.json && printed.is_ok() {
            printed = output::print(&line(case));
        }
    });
    printed?;
    let code = match (report.passed, report.failed) {
        (0, 0) => ExitCode::from(3),
        (_, 0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    if arguments.json {
        let named = NamedReport { version: env!("CARGO_PKG_VERSION"), target, report };
        let json = serde_json::to_string_pretty(&named).context("cannot write JSON")?;
        output::print(&(json + "\n"))?;
    } else {
        output::print(&totals(target, &report))?;
    }
    Ok(code)
}

/// A case in one line; below it what it measured, and why it failed or was skipped.
fn line(case: &CaseReport) -> String {
    let (color, word, reason) = match &case.outcome {
        Outcome::Passed => (AnsiColor::Green, "ok", String::new()),
        Outcome::Failed(failure) => (AnsiColor::Red, "FAILED", failure.to_string()),
        Outcome::Skipped { reason } => (AnsiColor::Yellow, "skipped", reason.clone()),
    };
    let style = Style::new().fg_color(Some(color.into()));
    let line = format!("{:<4} {style}{word:<7}{style:#} {:>6.2} s  {}\n", case.id, case.seconds, case.title);
    let notes = case.notes.iter().chain((!reason.is_empty()).then_some(&reason));
    line + &notes.map(|note| format!("     {note}\n")).collect::<String>()
}

fn totals(target: &str, report: &Report) -> String {
    let Report { concurrency, seed, passed, failed, skipped, seconds, .. } = report;
    format!(
        "{target}, {concurrency}: {passed} ok, {failed} failed, {skipped} skipped in {seconds:.1} s (seed {seed})\n"
    )
}
