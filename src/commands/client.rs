//! `client`: the scripted client of the series, with a live transcript.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use script::{Event, EventKind, Failure, Options, Report, Script};
use text::addresses;

const DEFAULT_PORT: u16 = 9090;
const FAILED: Style = AnsiColor::Red.on_default();

/// Arguments of `client`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers client                        three clients against 127.0.0.1:9090
  concurrent-servers client -n 10 --fast           ten clients, ten times as fast
  concurrent-servers client -n 1 localhost 4711    one client against another address

Exit code: 0 if every reply was right, 1 if not.")]
pub struct Arguments {
    /// How many connections to open at once
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3)]
    pub connections: usize,

    /// Divide the script's pauses by this divisor [default without a value: 10]
    #[arg(long, value_name = "DIVISOR", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    pub fast: Option<NonZeroU32>,

    /// Give up on a connection that is not complete after this time, such as 30s [default: twice what a
    /// sequential server needs for all connections, and 10 s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,

    /// Name or IP address of the server; also HOST:PORT
    #[arg(value_name = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// Port of the server [default: 9090]
    #[arg(value_name = "PORT")]
    pub port: Option<u16>,
}

/// Runs the script and prints its transcript to standard output.
///
/// # Errors
/// The server cannot be found or reached, or the machine cannot open so many connections.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    play(arguments, &mut anstream::stdout())
}

/// The script of the series, its pauses divided if requested.
pub(crate) fn script(divisor: Option<NonZeroU32>) -> Script {
    match divisor {
        Some(divisor) => Script::series().faster(divisor),
        None => Script::series(),
    }
}

fn play(arguments: &Arguments, output: &mut impl Write) -> Result<ExitCode> {
    let addresses = arguments.addresses()?;
    let options = Options {
        connections: arguments.connections,
        script: script(arguments.fast),
        timeout: arguments.timeout,
    };
    // A closed standard output does not change the verdict, so lines that cannot be written are dropped.
    let report = script::run(&addresses, &options, |event| {
        // If no client could connect at all, one message says so, below.
        if !is_connect_failure(event) {
            let _ = write_event(output, event);
        }
    })?;
    bail_if_none_connected(&report)?;
    for event in report.events.iter().filter(|event| is_connect_failure(event)) {
        let _ = write_event(output, event);
    }
    let _ = writeln!(output, "elapsed {:.3} s", report.elapsed.as_secs_f64());
    let failures = report.failures().count();
    if failures > 0 {
        let _ =
            writeln!(output, "{FAILED}{failures} of {} connections failed{FAILED:#}", options.connections);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn is_connect_failure(event: &Event) -> bool {
    matches!(event.kind, EventKind::Failed(Failure::Connect { .. }))
}

fn write_event(output: &mut impl Write, event: &Event) -> io::Result<()> {
    match event.kind {
        EventKind::Failed(_) => writeln!(output, "{FAILED}{event}{FAILED:#}"),
        _ => writeln!(output, "{event}"),
    }
}

fn bail_if_none_connected(report: &Report) -> Result<()> {
    let mut failures = report.failures().map(|(_, failure)| failure);
    let Some(failure @ Failure::Connect { address, .. }) = failures.next() else { return Ok(()) };
    let others = failures.filter(|failure| matches!(failure, Failure::Connect { .. })).count();
    if others + 1 < report.outcomes.len() {
        return Ok(());
    }
    bail!("{failure}; start a server there first: concurrent-servers serve mio{}", address_option(*address))
}

/// The option that makes `serve` listen there; empty for the default address.
fn address_option(address: SocketAddr) -> String {
    let is_default = address == SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT));
    if is_default { String::new() } else { format!(" --addr {address}") }
}

impl Arguments {
    fn addresses(&self) -> Result<Vec<SocketAddr>> {
        Ok(addresses::resolve(&self.host, self.port, DEFAULT_PORT)?)
    }
}

#[cfg(test)]
mod tests;
