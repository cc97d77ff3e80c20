//! `loadgen`: verified load on one server, by hand. The launcher's `compare` does it for every model.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use loadgen::{Dialect, Outcome, Scenario, run};

/// Puts verified closed-loop load on a server and reports the round trips.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exits with 1 if any connection failed; starved ones are a result.")]
struct Arguments {
    /// The server's address, such as 127.0.0.1:9090.
    address: SocketAddr,
    /// Threads that make the load.
    #[arg(long, value_name = "N", default_value_t = Scenario::default().threads)]
    threads: usize,
    /// Connections held open at once.
    #[arg(short, long, default_value_t = Scenario::default().connections)]
    connections: usize,
    /// Bytes of one message.
    #[arg(short, long, default_value_t = Scenario::default().payload_bytes)]
    payload: usize,
    /// Messages in flight on each connection.
    #[arg(short, long, default_value_t = Scenario::default().depth)]
    depth: usize,
    /// Length of the measured window in milliseconds.
    #[arg(short = 't', long, value_name = "MS", default_value_t = Scenario::default().duration_ms)]
    duration: u64,
    /// What the server speaks.
    #[arg(long, value_enum, default_value_t)]
    dialect: Speak,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Speak {
    #[default]
    Protocol,
    Echo,
}

fn main() -> ExitCode {
    load(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn load(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let scenario = Scenario {
        name: "by hand".to_owned(),
        dialect: match arguments.dialect {
            Speak::Protocol => Dialect::Protocol,
            Speak::Echo => Dialect::Echo,
        },
        threads: arguments.threads,
        connections: arguments.connections,
        payload_bytes: arguments.payload,
        depth: arguments.depth,
        duration_ms: arguments.duration,
        ..Scenario::default()
    };
    let outcome = run(arguments.address, &scenario, |_| {})?.outcome;
    let text = if arguments.json { serde_json::to_string_pretty(&outcome)? } else { summary(&outcome) };
    writeln!(io::stdout(), "{text}").context("cannot write to standard output")?;
    Ok(if outcome.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::cast_precision_loss, reason = "microseconds for a reader, not for a computation")]
fn summary(outcome: &Outcome) -> String {
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    let mut lines = vec![
        format!(
            "served {} of {} connections ({} starved)",
            outcome.served, outcome.connections, outcome.starved
        ),
        format!("{} messages, {:.0} a second", outcome.messages, outcome.messages_per_second),
    ];
    if let Some(latency) = outcome.latency {
        lines.push(format!(
            "round trip in µs: median {:.1}, 90 % {:.1}, 99 % {:.1}, 99.9 % {:.1}, longest {:.1}",
            microseconds(latency.p50_ns),
            microseconds(latency.p90_ns),
            microseconds(latency.p99_ns),
            microseconds(latency.p999_ns),
            microseconds(latency.max_ns)
        ));
    }
    if let Some(cpu) = outcome.client_cpu_ns_per_message {
        lines.push(format!("client CPU per message: {:.2} µs", cpu / 1e3));
    }
    lines.push(format!("errors: {}", outcome.errors));
    lines.extend(outcome.errors.first.iter().map(|first| format!("first error: {first}")));
    lines.join("\n")
}
