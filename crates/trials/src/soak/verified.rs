//! The good clients, in laps of changing kinds: of echo, the load generator.

mod primes;

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use conformance::Service;
use loadgen::{Load, Scenario};

use super::plan::{PATIENCE, Plan};
use super::tally::Tally;

/// Short, so that many connections are also opened and closed.
const LAP: Duration = Duration::from_secs(2);
/// The pause after a lap that could not start.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs lap after lap until the end.
pub(super) fn laps(address: SocketAddr, plan: &Plan, end: Instant, tally: &Tally, go_on: impl Fn() -> bool) {
    let mut number = 0;
    while go_on() {
        lap(address, plan, number, LAP.min(end.saturating_duration_since(Instant::now())), tally);
        number += 1;
    }
}

/// One lap; its kind follows from its number.
pub(super) fn lap(address: SocketAddr, plan: &Plan, number: usize, length: Duration, tally: &Tally) {
    match plan.dialect.service() {
        Service::Echo => lap_of_echo(address, plan, number, length, tally),
        Service::Primes => primes::lap(address, plan, number, length, tally),
    }
}

fn lap_of_echo(address: SocketAddr, plan: &Plan, number: usize, length: Duration, tally: &Tally) {
    let patience_ms = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
    let common = Scenario {
        connections: plan.verified,
        greeting_wait_ms: patience_ms,
        warm_up_ms: 0,
        duration_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(1),
        drain_ms: patience_ms,
        close_ms: patience_ms,
        ..Scenario::default()
    };
    let scenario = match number % 4 {
        0 => Scenario { name: "ping-pong".to_owned(), ..common },
        1 => Scenario { name: "pipelined".to_owned(), depth: 16, ..common },
        2 => Scenario { name: "bulk".to_owned(), payload_bytes: 16 << 10, ..common },
        _ => Scenario { name: "churn".to_owned(), load: Load::Churn, ..common },
    };
    match loadgen::run(address, &scenario, |_| {}) {
        Ok(measurement) => {
            let outcome = measurement.outcome;
            tally.verified_connections.fetch_add(outcome.connections, Ordering::Relaxed);
            tally.verified_bytes.fetch_add(outcome.reply_bytes, Ordering::Relaxed);
            let errors = outcome.errors;
            if !errors.is_empty() {
                let first = errors.first.clone().unwrap_or_default();
                tally.failed(errors.total(), || format!("{} load: {errors}; first: {first}", scenario.name));
            }
            if outcome.unfinished > 0 {
                tally.failed(outcome.unfinished, || {
                    format!("{} load: {} messages without a reply", scenario.name, outcome.unfinished)
                });
            }
        }
        Err(error) => {
            tally.failed(1, || format!("{} load: {error:#}", scenario.name));
            thread::sleep(PAUSE);
        }
    }
}
