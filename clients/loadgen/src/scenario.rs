//! What load to make, as data: written by hand, stored in files, recorded with each result.

use std::num::NonZeroUsize;
use std::thread;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::load::Load;
use crate::slow::Slow;

/// Enough for one machine: above 28,000 the local ports of one address run out first.
pub(crate) const MAX_CONNECTIONS: usize = 100_000;
/// A frame of 1 MiB is already a bulk transfer; several variants of it are held in memory.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// Each thread needs a core of its own to be useful, and costs at least 216 KiB.
pub(crate) const MAX_THREADS: usize = 64;
/// One loopback address has ports for 28,000 connections.
pub(crate) const MAX_SOURCES: usize = 250;
/// Per connection. Each message in flight costs one timestamp of 16 bytes.
pub(crate) const MAX_DEPTH: usize = 1024;
/// All messages in flight together: 256 MiB of timestamps.
pub(crate) const MAX_IN_FLIGHT: usize = 1 << 24;
/// One hour for each phase: a mistaken unit must not cause a run of a month.
pub(crate) const MAX_PHASE_MS: u64 = 3_600_000;

/// The protocol that the server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The series' protocol: a greeting, then frames and their replies.
    #[default]
    Protocol,
    /// Raw echo: no greeting, and each message comes back as it was sent.
    Echo,
    /// The prime service: no greeting, and an answer to each number.
    #[value(skip)]
    Primes,
}

impl Dialect {
    /// Whether the server speaks first.
    pub(crate) fn greets(self) -> bool {
        self == Dialect::Protocol
    }
}

/// One kind of load. Times are whole milliseconds.
///
/// ```
/// let scenario: loadgen::Scenario = serde_json::from_str(r#"{ "name": "bulk", "payload_bytes": 65536 }"#)?;
/// assert_eq!(scenario.connections, 50); // omitted fields have their defaults
/// assert!(serde_json::from_str::<loadgen::Scenario>(r#"{ "payload": 1 }"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// The scenario's name in tables and records.
    pub name: String,
    /// The protocol that the server speaks.
    pub dialect: Dialect,
    /// Threads that make the load; [`default_threads`] suits this machine. Each drives its own share of the connections.
    pub threads: usize,
    /// Connections open at the same time, beside those that a kind has of its own; in churn, slots in which one connection follows another.
    pub connections: usize,
    /// Additional connections that are opened first, are greeted and never send anything.
    pub idle: usize,
    /// Loopback source addresses, used in turn: 127.0.0.1 and following. 0 takes as many as the range of local
    /// ports requires, usually one.
    pub sources: usize,
    /// Size of one message in bytes: the payload of a frame (protocol) or the whole message (echo).
    pub payload_bytes: usize,
    /// Of the prime service: the kinds of requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// What makes the next message due.
    pub load: Load,
    /// Messages in flight on each connection of a closed loop.
    pub depth: usize,
    /// In which ways the clients are slow.
    pub slow: Slow,
    /// How long to wait for all greetings; then the load starts without the missing ones. If all are missing, ten times as
    /// long, and 10 s at the most, is waited for the first one.
    pub greeting_wait_ms: u64,
    /// Length of the load before the measured window.
    pub warm_up_ms: u64,
    /// Length of the measured window.
    pub duration_ms: u64,
    /// How long to wait for the replies to messages in flight at the end of the window.
    pub drain_ms: u64,
    /// How long the server may take to close once the client has closed its side.
    pub close_ms: u64,
}

impl Default for Scenario {
    /// Ping-pong: 50 connections, one message of 64 bytes in flight on each, for one second. The waits bound a
    /// faulty server; a correct one ends them early.
    fn default() -> Self {
        Scenario {
            name: "ping-pong".to_owned(),
            dialect: Dialect::Protocol,
            threads: 1,
            connections: 50,
            idle: 0,
            sources: 0,
            payload_bytes: 64,
            kinds: Vec::new(),
            load: Load::Closed,
            depth: 1,
            slow: Slow::default(),
            greeting_wait_ms: 1_000,
            warm_up_ms: 200,
            duration_ms: 1_000,
            drain_ms: 5_000,
            close_ms: 5_000,
        }
    }
}

impl Scenario {
    /// Checks every field and that the fields can be combined.
    ///
    /// # Errors
    /// The first field that is out of bounds, with its bounds.
    pub fn validate(&self) -> anyhow::Result<()> {
        self.within("connections", self.connections, MAX_CONNECTIONS)?;
        self.within("threads", self.threads, MAX_THREADS.min(self.connections))?;
        self.within("payload_bytes", self.payload_bytes, MAX_PAYLOAD_BYTES)?;
        self.within("depth", self.depth, MAX_DEPTH)?;
        ensure!(
            self.connections * self.depth <= MAX_IN_FLIGHT,
            "scenario {:?}: {} connections with {} messages in flight each exceed the limit of {MAX_IN_FLIGHT} \
             messages in flight; lower one of them",
            self.name,
            self.connections,
            self.depth
        );
        self.load.validate(&self.name)?;
        self.slow.validate(&self.name)?;
        self.validate_kinds()?;
        ensure!(
            self.depth == 1 || self.load == Load::Closed,
            "scenario {:?}: depth {} is for a closed loop only: in an open loop the server decides how many \
             messages are in flight, in churn it is one per connection; set depth to 1",
            self.name,
            self.depth
        );
        ensure!(
            !self.slow.thinks() || self.load == Load::Closed,
            "scenario {:?}: think_ms is for a closed loop only: in other loads no message waits for a reply",
            self.name
        );
        ensure!(
            !self.slow.reads_slowly() || self.load != Load::Churn,
            "scenario {:?}: read_pause_ms is for connections that stay open, not for churn",
            self.name
        );
        ensure!(
            self.idle <= MAX_CONNECTIONS && self.sources <= MAX_SOURCES,
            "scenario {:?}: idle may be at most {MAX_CONNECTIONS} and sources at most {MAX_SOURCES}, but they \
             are {} and {}",
            self.name,
            self.idle,
            self.sources
        );
        ensure!(self.duration_ms > 0, "scenario {:?}: duration_ms must be at least 1", self.name);
        for (field, value) in [
            ("greeting_wait_ms", self.greeting_wait_ms),
            ("warm_up_ms", self.warm_up_ms),
            ("duration_ms", self.duration_ms),
            ("drain_ms", self.drain_ms),
            ("close_ms", self.close_ms),
        ] {
            ensure!(
                value <= MAX_PHASE_MS,
                "scenario {:?}: {field} may be at most {MAX_PHASE_MS} (one hour), but is {value}",
                self.name
            );
        }
        Ok(())
    }

    fn within(&self, field: &str, value: usize, most: usize) -> anyhow::Result<()> {
        ensure!(
            (1..=most).contains(&value),
            "scenario {:?}: {field} must be 1 to {most}, but is {value}",
            self.name
        );
        Ok(())
    }

    /// The same with another number of connections, and no more threads than connections. Zero connections are
    /// rejected by [`Scenario::validate`].
    pub(crate) fn step(&self, connections: usize) -> Self {
        Scenario { connections, threads: self.threads.min(connections.max(1)), ..self.clone() }
    }
}

/// One thread for every two CPUs that this process may use, and at least one: as many are left for the server.
pub fn default_threads() -> usize {
    threads_on(thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

fn threads_on(cpus: usize) -> usize {
    (cpus / 2).clamp(1, MAX_THREADS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Arrivals;

    #[test]
    fn the_default_is_valid_and_survives_a_round_trip() {
        let scenario = Scenario::default();
        scenario.validate().unwrap();
        let text = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&text).unwrap(), scenario);
    }

    fn open(rate: u64) -> Load {
        Load::Open { rate, arrivals: Arrivals::Poisson, seed: 0 }
    }

    #[test]
    fn omitted_fields_of_an_open_loop_have_their_defaults() {
        let text = r#"{ "load": { "kind": "open", "rate": 5 } }"#;
        let scenario: Scenario = serde_json::from_str(text).unwrap();
        assert_eq!(scenario.load, Load::Open { rate: 5, arrivals: Arrivals::Uniform, seed: 0 });
        let misspelt = r#"{ "load": { "kind": "open", "rate": 5, "arrival": "poisson" } }"#;
        assert!(serde_json::from_str::<Scenario>(misspelt).is_err());
    }

    #[test]
    fn options_that_cannot_be_combined_are_rejected() {
        let slow = |think_ms, read_pause_ms| Slow { think_ms, read_pause_ms, ..Slow::default() };
        for (field, scenario) in [
            ("depth 2", Scenario { load: Load::Churn, depth: 2, ..Scenario::default() }),
            ("think_ms", Scenario { load: open(1), slow: slow(1, 0), ..Scenario::default() }),
            ("think_ms", Scenario { load: Load::Churn, slow: slow(1, 0), ..Scenario::default() }),
            ("read_pause_ms", Scenario { load: Load::Churn, slow: slow(0, 1), ..Scenario::default() }),
        ] {
            let message = scenario.validate().unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn every_bound_names_its_field() {
        let valid = Scenario::default;
        for (field, scenario) in [
            ("connections", Scenario { connections: 0, ..valid() }),
            ("connections", Scenario { connections: MAX_CONNECTIONS + 1, ..valid() }),
            ("threads", Scenario { threads: 0, ..valid() }),
            ("threads", Scenario { threads: 3, connections: 2, ..valid() }),
            ("payload_bytes", Scenario { payload_bytes: 0, ..valid() }),
            ("depth", Scenario { depth: MAX_DEPTH + 1, ..valid() }),
            ("in flight", Scenario { connections: MAX_CONNECTIONS, depth: MAX_DEPTH, ..valid() }),
            ("rate", Scenario { load: open(0), ..valid() }),
            ("rate", Scenario { load: open(10_000_001), ..valid() }),
            ("depth 2", Scenario { load: open(1), depth: 2, ..valid() }),
            ("idle", Scenario { idle: MAX_CONNECTIONS + 1, ..valid() }),
            ("sources", Scenario { sources: MAX_SOURCES + 1, ..valid() }),
            ("duration_ms", Scenario { duration_ms: 0, ..valid() }),
            ("close_ms", Scenario { close_ms: MAX_PHASE_MS + 1, ..valid() }),
        ] {
            let message = scenario.validate().unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_second_core_of_the_generator_is_used_where_the_server_has_two_of_its_own() {
        assert_eq!([1, 2, 3, 4, 16, 10_000].map(threads_on), [1, 1, 1, 2, 8, MAX_THREADS]);
    }
}
