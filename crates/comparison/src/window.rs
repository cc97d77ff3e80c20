//! One window of load on a running server: what the load generator counted, what the server used, and what other programs
//! took. The windows of a trial are added up to its observation.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use loadgen::{Load, Measurement, Phase};
use observe::others::{CpuUse, Span, own_cpu_time};
use observe::usage::{self, Usage};

use crate::analysis::big_kind;
use crate::record::Observed;
use crate::running::Running;
use crate::trial::Conditions;

/// Percentiles within 1 % are precise enough for a chart, and take a tenth of the space on disk.
const RECORDED_DIGITS: u8 = 2;

/// What was seen of one window.
pub(crate) struct Window {
    measurement: Measurement,
    /// Absent if the server could not be read.
    usage: Option<Usage>,
    /// From the first reading to the second one.
    elapsed: Duration,
    /// How the CPUs were used, and by the load generator and the server together; absent where it is not reported.
    machine: Option<(Span, Duration)>,
    /// How much the server's own memory grew until all connections were open, in bytes.
    grown: Option<f64>,
}

/// Everything that is read when a window begins and when it has ended.
struct Reading {
    at: Instant,
    server: Option<usage::Reading>,
    /// The cache belongs to the trial, and is no other program; but its work is not the server's.
    cache: Option<usage::Reading>,
    own: Duration,
    machine: Option<CpuUse>,
}

impl Reading {
    fn now(server: &Running, cpus: &[usize]) -> Self {
        // The machine and this process last: both are compared with each other.
        let cache = server.pid_of_cache().and_then(|pid| usage::read(pid).ok());
        let server = server.pid().and_then(|pid| usage::read(pid).ok());
        Reading { at: Instant::now(), server, cache, own: own_cpu_time(), machine: CpuUse::now(cpus) }
    }

    fn server_since(&self, before: &Reading) -> Option<Usage> {
        Some(self.server.as_ref()?.since(before.server.as_ref()?))
    }

    /// How the CPUs were used since `before`, and how much of it was this process, the server and its cache.
    fn machine_since(&self, before: &Reading, server: &Usage) -> Option<(Span, Duration)> {
        let cache = self.cache.as_ref().zip(before.cache.as_ref());
        let cache_ns = cache.map_or(0, |(after, before)| after.since(before).cpu_ns);
        let own = self.own.saturating_sub(before.own) + Duration::from_nanos(server.cpu_ns + cache_ns);
        Some((self.machine?.since(before.machine.as_ref()?)?, own))
    }
}

/// Makes the load on the server once.
///
/// # Errors
/// The load cannot be made, or was interrupted before its window began.
pub(crate) fn measure(server: &Running, load: &loadgen::Scenario, conditions: Conditions) -> Result<Window> {
    let read = || Reading::now(server, conditions.cpus);
    let alone = server.pid().and_then(|pid| usage::read(pid).ok());
    let (mut before, mut after) = (None, None);
    let measurement = loadgen::run_until(server.address(), load, conditions.stop, |phase| match phase {
        Phase::Measuring => before = Some(read()),
        Phase::Closing => after = Some(read()),
        _ => {}
    })?;
    let measurement = measurement.context("it was interrupted")?;
    let (before, after) = before.zip(after).context("the load ended without a window")?;
    let usage = after.server_since(&before);
    Ok(Window {
        measurement,
        usage,
        elapsed: after.at - before.at,
        machine: usage.and_then(|usage| after.machine_since(&before, &usage)),
        grown: alone.zip(before.server.as_ref()).map(|(alone, begun)| grown(&alone, begun)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of one process are far below 2^53")]
fn grown(alone: &usage::Reading, begun: &usage::Reading) -> f64 {
    let memory = |reading: &usage::Reading| reading.anonymous_memory_bytes() as f64;
    (memory(begun) - memory(alone)).max(0.0)
}

/// What was observed in these windows of one load on one server, which may use `can_use` CPUs. Memory per connection is
/// that of the first window: later ones reuse the memory.
///
/// # Errors
/// There is no window, their latencies cannot be added up, or the server's cache does not answer.
#[expect(clippy::cast_precision_loss, reason = "connections of one run are far below 2^53")]
pub(crate) fn observed(
    server: &Running,
    windows: Vec<Window>,
    load: &loadgen::Scenario,
    can_use: usize,
) -> Result<Observed> {
    let grown = windows.first().and_then(|window| window.grown);
    let usage = sum(windows.iter().map(|window| window.usage), Usage::and);
    let elapsed: Duration = windows.iter().map(|window| window.elapsed).sum();
    let machine = sum(windows.iter().map(|window| window.machine), |(span, own), (later, further)| {
        (span.and(later), own + further)
    });
    let measurements = windows.into_iter().map(|window| window.measurement);
    let mut measurement = loadgen::total(load, measurements)?.context("no window was measured")?;
    let others = machine.and_then(|(span, own)| span.others(own));
    let outcome = &mut measurement.outcome;
    outcome.verdict = outcome.verdict.take().map(|verdict| {
        let Some(usage) = usage else { return verdict };
        let cpu_per_second = Duration::from_nanos(usage.cpu_ns).as_secs_f64() / elapsed.as_secs_f64();
        let busy = usize::try_from(usage.busy_threads).unwrap_or(usize::MAX);
        verdict.with_server(outcome, cpu_per_second, busy.min(can_use)).with_others(others)
    });
    let connections = (load.connections + load.idle) as f64;
    // Where big requests are in work beside small ones, the question is about the small ones.
    let small = big_kind(load).and_then(|_| load.kinds.first());
    let of_small = small.and_then(|small| measurement.further_ns.get(&format!("{}.latency", small.name)));
    let latency_ns = of_small.unwrap_or(&measurement.latency_ns);
    Ok(Observed::Load {
        latency_histogram: Some(encoded(latency_ns)?),
        outcome: Box::new(measurement.outcome),
        usage,
        others: others.map(|others| others.share),
        memory_per_connection_bytes: grown
            .filter(|_| load.load != Load::Churn)
            .map(|bytes| bytes / connections),
        connections_to_cache: server.connections_to_cache()?,
    })
}

/// The sum of all parts; `None` if one is missing.
fn sum<T>(parts: impl Iterator<Item = Option<T>>, add: impl Fn(T, T) -> T) -> Option<T> {
    parts.collect::<Option<Vec<T>>>()?.into_iter().reduce(add)
}

fn encoded(latency_ns: &Histogram<u64>) -> Result<String> {
    let mut coarse = Histogram::new_with_bounds(latency_ns.low(), latency_ns.high(), RECORDED_DIGITS)
        .context("cannot create a histogram for the record")?;
    coarse.add(latency_ns).context("cannot add latencies for the record")?;
    loadgen::histogram::encode(&coarse)
}
