//! The command-line options of the load generator and the scenario they describe.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::value_parser;
use text::addresses::{self, Addresses};

use crate::kind::{self, Kind};
use crate::load::{Arrivals, Load, MAX_RATE};
use crate::scenario::{
    Dialect, MAX_CONNECTIONS, MAX_DEPTH, MAX_IN_FLIGHT, MAX_PAYLOAD_BYTES, MAX_PHASE_MS, MAX_SOURCES,
    MAX_THREADS, Scenario, default_threads,
};
use crate::slow::{MAX_PAUSE_MS, MAX_READ_BYTES, MAX_RECEIVE_BUFFER_BYTES, Slow};
use crate::values::{milliseconds, number, start_time};

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

    /// The service that is asked
    #[arg(long, value_enum, default_value_t)]
    pub service: Service,

    /// Prime service: kinds of requests as `[NAME=]NUMBERS[:SHARE]`, joined by commas. NUMBERS: small (some microseconds), a
    /// time such as 36ms or a size such as ~1000000000000 (distinct numbers whose test takes as long), or numbers joined by
    /// +. SHARE: a weight on the common connections, such as 95; so many clients of its own, 4x; a rate on connections of
    /// its own, 20/s@8 [default: the weight 1]
    #[arg(
        long, value_name = "KIND,KIND", value_delimiter = ',', value_parser = kind::parse::parse,
        conflicts_with_all = ["dialect", "payload", "churn"], allow_hyphen_values = true
    )]
    pub numbers: Vec<Kind>,

    /// Threads that make the load [default: one for every two CPUs, so that as many are left for the server]
    #[arg(long, value_name = "N", value_parser = number(1, MAX_THREADS), allow_hyphen_values = true)]
    pub threads: Option<usize>,

    /// Connections open at the same time
    #[arg(
        short, long, value_name = "N", default_value_t = Scenario::default().connections,
        value_parser = number(1, MAX_CONNECTIONS), allow_hyphen_values = true
    )]
    pub connections: usize,

    /// Additional connections that are greeted and never send anything
    #[arg(
        long, value_name = "N", default_value_t = 0, value_parser = number(0, MAX_CONNECTIONS),
        allow_hyphen_values = true
    )]
    pub idle: usize,

    /// Number of loopback source addresses to connect from, 127.0.0.1 and following [default: as many as the
    /// local ports make necessary, at most 250]
    #[arg(long, value_name = "N", value_parser = number(1, MAX_SOURCES), allow_hyphen_values = true)]
    pub sources: Option<usize>,

    /// Measure once for each of these numbers of connections, such as 1,8,64,512,4096
    #[arg(
        long, value_name = "N,N", value_delimiter = ',', conflicts_with = "connections",
        value_parser = number(1, MAX_CONNECTIONS), allow_hyphen_values = true
    )]
    pub ramp: Vec<usize>,

    /// Size of one message in bytes
    #[arg(
        short, long, value_name = "BYTES", default_value_t = Scenario::default().payload_bytes,
        value_parser = number(1, MAX_PAYLOAD_BYTES), allow_hyphen_values = true
    )]
    pub payload: usize,

    /// Closed loop: messages in flight on each connection
    #[arg(
        short, long, value_name = "N", default_value_t = Scenario::default().depth,
        value_parser = number(1, MAX_DEPTH), allow_hyphen_values = true
    )]
    pub depth: usize,

    /// Open loop: messages per second, due by the clock whatever the server does
    #[arg(
        short, long, value_name = "N", conflicts_with = "depth",
        value_parser = value_parser!(u64).range(1..=MAX_RATE), allow_hyphen_values = true
    )]
    pub rate: Option<u64>,

    /// Open loop: distribution of the due times
    #[arg(long, value_enum, default_value_t, requires = "rate")]
    pub arrivals: Arrivals,

    /// Open loop: seed of the Poisson arrivals
    #[arg(long, value_name = "N", default_value_t = 0, requires = "rate", allow_hyphen_values = true)]
    pub seed: u64,

    /// Churn: open, greet, send one message and close, again and again
    #[arg(long, conflicts_with_all = ["depth", "rate", "think"])]
    pub churn: bool,

    /// Closed loop: think time between a reply and the next message, such as 20ms; whole milliseconds
    #[arg(
        long, value_name = "TIME", value_parser = milliseconds(0, MAX_PAUSE_MS), conflicts_with = "rate",
        allow_hyphen_values = true
    )]
    pub think: Option<u64>,

    /// Slow readers: pause between two reads of a connection, such as 10ms; whole milliseconds
    #[arg(
        long, value_name = "TIME", value_parser = milliseconds(0, MAX_PAUSE_MS), conflicts_with = "churn",
        allow_hyphen_values = true
    )]
    pub read_pause: Option<u64>,

    /// Slow readers: most bytes that one read takes
    #[arg(
        long, value_name = "BYTES", requires = "read_pause", value_parser = number(1, MAX_READ_BYTES),
        allow_hyphen_values = true
    )]
    pub read_bytes: Option<usize>,

    /// Size of the sockets' receive buffers in bytes [default: the kernel's choice]
    #[arg(
        long, value_name = "BYTES", value_parser = number(1, MAX_RECEIVE_BUFFER_BYTES),
        allow_hyphen_values = true
    )]
    pub receive_buffer: Option<usize>,

    /// Duration of the load before the measured window, such as 500ms
    #[arg(
        long, value_name = "TIME", default_value = "200ms", value_parser = milliseconds(0, MAX_PHASE_MS),
        allow_hyphen_values = true
    )]
    pub warm_up: u64,

    /// Length of the measured window, such as 10s
    #[arg(
        short = 't', long, value_name = "TIME", default_value = "1s",
        value_parser = milliseconds(1, MAX_PHASE_MS), allow_hyphen_values = true
    )]
    pub duration: u64,

    /// Open all connections, then start the load at this time, such as 2026-11-23T12:00:00Z, at most one hour
    /// ahead: several machines with synchronised clocks (NTP, chrony) start together
    #[arg(
        long, value_name = "TIME", value_parser = start_time, conflicts_with = "ramp",
        allow_hyphen_values = true
    )]
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

/// What a server is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Service {
    /// Messages, which come back changed or as they were.
    #[default]
    Echo,
    /// Numbers: whether they are prime.
    Prime,
}

impl Arguments {
    /// The scenario that these arguments describe.
    ///
    /// # Errors
    /// Options that exclude each other, by their names.
    pub fn scenario(&self) -> Result<Scenario, String> {
        self.check()?;
        let scenario = self.described();
        for &connections in self.steps() {
            scenario.step(connections).validate().map_err(|error| error.to_string())?;
        }
        Ok(scenario)
    }

    /// The numbers of connections to measure with, one after the other.
    pub(crate) fn steps(&self) -> &[usize] {
        if self.ramp.is_empty() { std::slice::from_ref(&self.connections) } else { &self.ramp }
    }

    fn check(&self) -> Result<(), String> {
        if let Some(threads) = self.threads.filter(|threads| *threads > self.connections)
            && self.ramp.is_empty()
        {
            return Err(format!(
                "--threads {threads} needs at least as many --connections, but there are {}",
                self.connections
            ));
        }
        let connections = self.steps().iter().copied().max().unwrap_or(self.connections);
        if connections * self.depth > MAX_IN_FLIGHT {
            return Err(format!(
                "{connections} connections with --depth {} exceed the limit of {MAX_IN_FLIGHT} messages in flight; lower one of them",
                self.depth
            ));
        }
        match (self.service, self.numbers.is_empty()) {
            (Service::Prime, true) => {
                return Err(
                    "--service prime needs --numbers, such as --numbers small:95,1000000000039:5".to_owned()
                );
            }
            (Service::Echo, false) => return Err("--numbers is for --service prime; add it".to_owned()),
            _ => {}
        }
        if self.read_bytes.is_some() && self.read_pause == Some(0) {
            return Err("--read-bytes needs a --read-pause of at least 1ms".to_owned());
        }
        let on_loopback =
            self.address.only(|address| matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()));
        if self.sources.is_some_and(|sources| sources > 1) && on_loopback.is_none() {
            return Err(format!(
                "--sources is for a server on an IPv4 loopback address, but {} is not one; leave it out",
                self.address
            ));
        }
        Ok(())
    }

    fn described(&self) -> Scenario {
        let load = match self.rate {
            Some(rate) => Load::Open { rate, arrivals: self.arrivals, seed: self.seed },
            None if self.churn => Load::Churn,
            None => Load::Closed,
        };
        let slow = Slow {
            think_ms: self.think.unwrap_or(0),
            read_bytes: self.read_bytes.unwrap_or(0),
            read_pause_ms: self.read_pause.unwrap_or(0),
            receive_buffer_bytes: self.receive_buffer.unwrap_or(0),
        };
        Scenario {
            name: "by hand".to_owned(),
            dialect: if self.service == Service::Prime { Dialect::Primes } else { self.dialect },
            kinds: self.numbers.clone(),
            threads: self.threads.unwrap_or_else(|| default_threads().min(self.connections)),
            connections: self.connections,
            idle: self.idle,
            sources: self.sources.unwrap_or(0),
            payload_bytes: self.payload,
            load,
            depth: self.depth,
            slow,
            warm_up_ms: self.warm_up,
            duration_ms: self.duration,
            ..Scenario::default()
        }
    }
}
