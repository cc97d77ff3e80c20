//! The command line: what `loadgen ADDR` and the launcher's `load ADDR` both take and do.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::summary::summary;
use crate::{Arrivals, Dialect, Load, Scenario};

/// Arguments of the load generator.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The server's address, such as 127.0.0.1:9090
    #[arg(value_name = "ADDR")]
    pub address: SocketAddr,

    /// What the server speaks
    #[arg(long, value_enum, default_value_t)]
    pub dialect: Dialect,

    /// Threads that make the load
    #[arg(long, value_name = "N", default_value_t = Scenario::default().threads)]
    pub threads: usize,

    /// Connections held open at once
    #[arg(short, long, value_name = "N", default_value_t = Scenario::default().connections)]
    pub connections: usize,

    /// Bytes of one message
    #[arg(short, long, value_name = "BYTES", default_value_t = Scenario::default().payload_bytes)]
    pub payload: usize,

    /// Closed loop: messages in flight on each connection
    #[arg(short, long, value_name = "N", default_value_t = Scenario::default().depth)]
    pub depth: usize,

    /// Open loop: messages a second, due by the clock whatever the server does
    #[arg(short, long, value_name = "N", conflicts_with = "depth")]
    pub rate: Option<u64>,

    /// Open loop: how due times are spread
    #[arg(long, value_enum, default_value_t, requires = "rate")]
    pub arrivals: Arrivals,

    /// Open loop: what Poisson arrivals are drawn from
    #[arg(long, value_name = "N", default_value_t = 0, requires = "rate")]
    pub seed: u64,

    /// Load before the measured window, such as 500ms
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub warm_up: Duration,

    /// Length of the measured window, such as 10s
    #[arg(short = 't', long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    pub duration: Duration,

    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

/// Makes the load and prints what came of it. Fails if any connection failed or the asked rate was not
/// kept; starved connections are a result.
///
/// # Errors
/// As [`run`](crate::run), and if standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let outcome = crate::run(arguments.address, &arguments.scenario()?, |_| {})?.outcome;
    let text = if arguments.json { serde_json::to_string_pretty(&outcome)? } else { summary(&outcome) };
    writeln!(io::stdout(), "{text}").context("cannot write to standard output")?;
    let kept = outcome.open_loop.as_ref().is_none_or(|open| open.rate_missed().is_none());
    Ok(if outcome.errors.is_empty() && kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    /// The scenario that these arguments describe.
    ///
    /// # Errors
    /// A time is out of range.
    pub fn scenario(&self) -> anyhow::Result<Scenario> {
        let load = match self.rate {
            Some(rate) => Load::Open { rate, arrivals: self.arrivals, seed: self.seed },
            None => Load::Closed,
        };
        Ok(Scenario {
            name: "by hand".to_owned(),
            dialect: self.dialect,
            threads: self.threads,
            connections: self.connections,
            payload_bytes: self.payload,
            load,
            depth: self.depth,
            warm_up_ms: milliseconds("--warm-up", self.warm_up)?,
            duration_ms: milliseconds("--duration", self.duration)?,
            ..Scenario::default()
        })
    }
}

fn milliseconds(option: &str, duration: Duration) -> anyhow::Result<u64> {
    u64::try_from(duration.as_millis()).with_context(|| format!("{option} is out of range: {duration:?}"))
}
