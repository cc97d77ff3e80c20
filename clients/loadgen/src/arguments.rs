//! The command-line options of the load generator and the scenario they describe.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use text::addresses::{self, Addresses};

use crate::load::{Arrivals, Load};
use crate::scenario::{Dialect, Scenario};
use crate::slow::Slow;

/// Arguments of the load generator.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "load")]
pub struct Arguments {
    /// The server's address, such as 127.0.0.1:9090. Of a name with several addresses, the first one that accepts is
    /// used
    #[arg(value_name = "ADDR", value_parser = addresses::parse_server)]
    pub address: Addresses,

    /// The protocol that the server speaks
    #[arg(long, value_enum, default_value_t)]
    pub dialect: Dialect,

    /// Threads that make the load
    #[arg(long, value_name = "N", default_value_t = Scenario::default().threads)]
    pub threads: usize,

    /// Connections open at the same time
    #[arg(short, long, value_name = "N", default_value_t = Scenario::default().connections)]
    pub connections: usize,

    /// Additional connections that are greeted and never send anything
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub idle: usize,

    /// Number of loopback source addresses to connect from, 127.0.0.1 and following [default: as many as the
    /// range of local ports requires]
    #[arg(long, value_name = "N")]
    pub sources: Option<usize>,

    /// Measure once for each of these numbers of connections, such as 1,8,64,512,4096
    #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with = "connections")]
    pub ramp: Vec<usize>,

    /// Size of one message in bytes
    #[arg(short, long, value_name = "BYTES", default_value_t = Scenario::default().payload_bytes)]
    pub payload: usize,

    /// Closed loop: messages in flight on each connection
    #[arg(short, long, value_name = "N", default_value_t = Scenario::default().depth)]
    pub depth: usize,

    /// Open loop: messages per second, due by the clock whatever the server does
    #[arg(short, long, value_name = "N", conflicts_with = "depth")]
    pub rate: Option<u64>,

    /// Open loop: distribution of the due times
    #[arg(long, value_enum, default_value_t, requires = "rate")]
    pub arrivals: Arrivals,

    /// Open loop: seed of the Poisson arrivals
    #[arg(long, value_name = "N", default_value_t = 0, requires = "rate")]
    pub seed: u64,

    /// Churn: open, greet, send one message and close, again and again
    #[arg(long, conflicts_with_all = ["depth", "rate", "think"])]
    pub churn: bool,

    /// Closed loop: think time between a reply and the next message, such as 20ms
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "rate")]
    pub think: Option<Duration>,

    /// Slow readers: pause between two reads of a connection, such as 10ms
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "churn")]
    pub read_pause: Option<Duration>,

    /// Slow readers: most bytes that one read takes
    #[arg(long, value_name = "BYTES", requires = "read_pause")]
    pub read_bytes: Option<usize>,

    /// Size of the sockets' receive buffers in bytes [default: the kernel's choice]
    #[arg(long, value_name = "BYTES")]
    pub receive_buffer: Option<usize>,

    /// Duration of the load before the measured window, such as 500ms
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub warm_up: Duration,

    /// Length of the measured window, such as 10s
    #[arg(short = 't', long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    pub duration: Duration,

    /// Open all connections, then start the load at this time, such as 2026-11-23T12:00:00Z, at most one hour
    /// ahead: several machines with synchronised clocks (NTP, chrony) start together
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "ramp")]
    pub start_at: Option<SystemTime>,

    /// Write the histograms of all measured times to a log that other tools read and `merge` adds up
    #[arg(long, value_name = "FILE", conflicts_with = "ramp")]
    pub hist_out: Option<PathBuf>,

    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,

    /// Show no progress on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

impl Arguments {
    /// The scenario that these arguments describe.
    ///
    /// # Errors
    /// A time is out of range.
    pub fn scenario(&self) -> anyhow::Result<Scenario> {
        let load = match self.rate {
            Some(rate) => Load::Open { rate, arrivals: self.arrivals, seed: self.seed },
            None if self.churn => Load::Churn,
            None => Load::Closed,
        };
        let pause = |option, time: Option<Duration>| time.map_or(Ok(0), |time| milliseconds(option, time));
        let slow = Slow {
            think_ms: pause("--think", self.think)?,
            read_bytes: self.read_bytes.unwrap_or(0),
            read_pause_ms: pause("--read-pause", self.read_pause)?,
            receive_buffer_bytes: self.receive_buffer.unwrap_or(0),
        };
        Ok(Scenario {
            name: "by hand".to_owned(),
            dialect: self.dialect,
            threads: self.threads,
            connections: self.connections,
            idle: self.idle,
            sources: self.sources.unwrap_or(0),
            payload_bytes: self.payload,
            load,
            depth: self.depth,
            slow,
            warm_up_ms: milliseconds("--warm-up", self.warm_up)?,
            duration_ms: milliseconds("--duration", self.duration)?,
            ..Scenario::default()
        })
    }
}

fn milliseconds(option: &str, duration: Duration) -> anyhow::Result<u64> {
    u64::try_from(duration.as_millis()).with_context(|| format!("{option} is out of range: {duration:?}"))
}

fn parse_time(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339(text)
        .map_err(|error| format!("{error}; write it in UTC, like 2026-11-23T12:00:00Z"))
}
