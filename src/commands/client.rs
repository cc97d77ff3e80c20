//! `client`: the scripted client of the series, with a live transcript.

use std::io::Write;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use script::{Event, EventKind, Failure, MOST_CONNECTIONS, Options, Report, Script};
use text::addresses::{self, Addresses};
use text::connecting::Cause;
use text::output;

use crate::commands::refused;
use crate::{mistaken, models};

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 9090;
/// A shorter one is over before a connection is open.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
const FAILED: Style = AnsiColor::Red.on_default();

/// Arguments of `client`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers client                        three clients against 127.0.0.1:9090
  concurrent-servers client -n 10 --fast           ten clients, ten times as fast
  concurrent-servers client -n 1 localhost 4711    one client against another address

Exit codes: 0 every reply was right, 1 not so, 2 wrong arguments.")]
pub struct Arguments {
    /// How many connections to open at once
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3, value_parser = parse_connections)]
    pub connections: usize,

    /// Divide the script's pauses by this divisor [default without a value: 10]
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    pub fast: Option<NonZeroU32>,

    /// Give up on a connection that is not complete after this time, such as 30s [default: twice what a
    /// sequential server needs for all connections, and 10 s]
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    pub timeout: Option<Duration>,

    /// Name or IP address of the server; also HOST:PORT. Each address of a name is tried
    #[arg(value_name = "HOST", default_value = DEFAULT_HOST)]
    pub host: String,

    /// Port of the server [default: 9090]
    #[arg(value_name = "PORT", value_parser = addresses::parse_server_port)]
    pub port: Option<u16>,
}

/// Runs the script and prints its transcript to standard output.
///
/// # Errors
/// The server cannot be reached, the machine cannot open so many connections, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match arguments.addresses() {
        Ok(addresses) => play(arguments, &addresses, &mut output::stdout()),
        Err(refusal) => Ok(refused(&refusal)),
    }
}

/// The script of the series, its pauses divided if requested.
pub(crate) fn script(divisor: Option<NonZeroU32>) -> Script {
    match divisor {
        Some(divisor) => Script::series().faster(divisor),
        None => Script::series(),
    }
}

fn play(arguments: &Arguments, addresses: &Addresses, stream: &mut impl Write) -> Result<ExitCode> {
    let options = Options {
        connections: arguments.connections,
        script: script(arguments.fast),
        timeout: arguments.timeout,
    };
    // The clients play on if a line cannot be written; the first error is reported when they are done.
    let mut written = Ok(());
    let mut line = |text: String| {
        if written.is_ok() {
            written = output::write(stream, &text);
        }
    };
    let report = script::run(addresses, &options, |event| {
        // If no client could connect at all, one message says so, below.
        if !is_connect_failure(event) {
            line(transcribed(event));
        }
    })?;
    bail_if_none_connected(&report, addresses)?;
    report.events.iter().filter(|event| is_connect_failure(event)).map(transcribed).for_each(&mut line);
    line(format!("elapsed {:.3} s\n", report.elapsed.as_secs_f64()));
    let failures = report.failures().count();
    if failures > 0 {
        line(format!("{FAILED}{failures} of {} connections failed{FAILED:#}\n", options.connections));
    }
    written?;
    Ok(if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn is_connect_failure(event: &Event) -> bool {
    matches!(event.kind, EventKind::Failed(Failure::Connect { .. }))
}

/// An event as a line of the transcript.
fn transcribed(event: &Event) -> String {
    match event.kind {
        EventKind::Failed(_) => format!("{FAILED}{event}{FAILED:#}\n"),
        _ => format!("{event}\n"),
    }
}

fn bail_if_none_connected(report: &Report, addresses: &Addresses) -> Result<()> {
    let mut failures = report.failures().map(|(_, failure)| failure);
    let Some(Failure::Connect(failure)) = failures.next() else { return Ok(()) };
    let others = failures.filter(|failure| matches!(failure, Failure::Connect { .. })).count();
    if others + 1 < report.outcomes.len() {
        return Ok(());
    }
    let is_refused = failure.decisive().is_some_and(|attempt| attempt.cause == Cause::Refused);
    let command = if is_refused { command_to_serve(addresses) } else { String::new() };
    bail!("{failure}{command}")
}

/// The command that starts a server there. The default address needs no option.
fn command_to_serve(addresses: &Addresses) -> String {
    let address = addresses.to_string();
    let is_default = address == format!("{DEFAULT_HOST}:{DEFAULT_PORT}");
    let option = if is_default { String::new() } else { format!(" --addr {address}") };
    format!(": concurrent-servers serve mio{option}")
}

fn parse_connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=MOST_CONNECTIONS).contains(&count) => Ok(count),
        _ => Err(format!("give a whole number from 1 to {MOST_CONNECTIONS}; `load` has more connections")),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if (SHORTEST_TIMEOUT..=LONGEST_TIMEOUT).contains(&time) => Ok(time),
        Ok(_) => Err("this must be between 1ms and 1day".to_owned()),
        Err(error) => Err(format!("{error}; give a duration such as 30s")),
    }
}

impl Arguments {
    fn addresses(&self) -> Result<Addresses, String> {
        // The name of a model alone is hardly the name of a host, too; the resolver may take long to say so.
        if self.port.is_none() && models::find(&self.host).is_some() {
            return Err(mistaken::is_a_model(&self.host));
        }
        addresses::parse_host(&self.host, self.port, DEFAULT_PORT)
            .map_err(|refusal| mistaken::refusal_for(&self.host, refusal))
    }
}

#[cfg(test)]
mod tests;
