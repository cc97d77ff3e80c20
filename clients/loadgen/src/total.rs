//! Several windows of one load on one server, added up to a single measurement.
//!
//! Counts and times add up, histograms are merged, and rates, percentiles and the verdict are those of the sum. Nothing is
//! averaged: a percentile of the sum is not the mean of the percentiles.

use std::collections::BTreeMap;

use anyhow::Context;
use hdrhistogram::Histogram;

use crate::judge::judge;
use crate::outcome::{Churned, ClientThread, Latency, Measurement, OfKind, OpenLoop, Outcome};
use crate::scenario::Scenario;

/// The sum of the measurements of windows that were made with this scenario; `None` if there are none. It begins when the
/// first one began, and its window is as long as all of them together.
///
/// # Errors
/// There are more samples than can be counted.
pub fn total(
    scenario: &Scenario,
    windows: impl IntoIterator<Item = Measurement>,
) -> anyhow::Result<Option<Measurement>> {
    let mut windows = windows.into_iter();
    let Some(mut sum) = windows.next() else { return Ok(None) };
    for window in windows {
        sum.latency_ns.add(&window.latency_ns).context("cannot add up latencies")?;
        add_histograms(&mut sum.further_ns, window.further_ns)?;
        add(&mut sum.outcome, window.outcome);
    }
    derive(&mut sum);
    sum.outcome.verdict = Some(judge(scenario, &sum.outcome, sum.latency_ns.mean()));
    Ok(Some(sum))
}

fn add_histograms(
    sum: &mut BTreeMap<String, Histogram<u64>>,
    further: BTreeMap<String, Histogram<u64>>,
) -> anyhow::Result<()> {
    for (name, histogram) in further {
        match sum.get_mut(&name) {
            Some(sum) => sum.add(&histogram).with_context(|| format!("cannot add up {name}"))?,
            None => drop(sum.insert(name, histogram)),
        }
    }
    Ok(())
}

/// Adds what was counted; what follows from the counts is left to [`derive`].
fn add(sum: &mut Outcome, window: Outcome) {
    sum.steal = mean_by_length(sum, &window, |outcome| outcome.steal);
    sum.other_programs = mean_by_length(sum, &window, |outcome| outcome.other_programs);
    // Each window opens the same number of connections; in churn, each counts those that it has started.
    if window.churned.is_some() {
        sum.connections += window.connections;
        sum.served += window.served;
        sum.starved += window.starved;
    } else {
        sum.connections = sum.connections.max(window.connections);
        sum.served = sum.served.min(window.served);
        sum.starved = sum.starved.max(window.starved);
    }
    sum.elapsed_ns += window.elapsed_ns;
    sum.interrupted |= window.interrupted;
    sum.messages += window.messages;
    sum.reply_bytes += window.reply_bytes;
    sum.drained += window.drained;
    sum.unfinished += window.unfinished;
    sum.client_not_running_ns += window.client_not_running_ns;
    add_threads(&mut sum.client_threads, &window.client_threads);
    sum.errors.merge(&window.errors);
    for (sum, window) in sum.kinds.iter_mut().zip(&window.kinds) {
        add_kind(sum, window);
    }
    match (&mut sum.open_loop, window.open_loop) {
        (Some(sum), Some(window)) => add_open_loop(sum, &window),
        (sum, window) => *sum = sum.take().or(window),
    }
    match (&mut sum.churned, window.churned) {
        (Some(sum), Some(window)) => {
            sum.completed += window.completed;
            sum.drained += window.drained;
        }
        (sum, window) => *sum = sum.take().or(window),
    }
}

/// A share of both together; of one alone if the other was not reported.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run are far below 2^53")]
fn mean_by_length(sum: &Outcome, window: &Outcome, share: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
    let (before, length) = (sum.elapsed_ns as f64, window.elapsed_ns as f64);
    match (share(sum), share(window)) {
        (Some(_), Some(share)) if before + length == 0.0 => Some(share),
        (Some(earlier), Some(later)) => Some((earlier * before + later * length) / (before + length)),
        (earlier, later) => earlier.or(later),
    }
}

fn add_threads(sum: &mut [ClientThread], threads: &[ClientThread]) {
    for (sum, thread) in sum.iter_mut().zip(threads) {
        sum.cpu_ns += thread.cpu_ns;
        sum.elapsed_ns += thread.elapsed_ns;
        sum.run_queue_wait_ns =
            sum.run_queue_wait_ns.zip(thread.run_queue_wait_ns).map(|(earlier, later)| earlier + later);
    }
}

fn add_kind(sum: &mut OfKind, window: &OfKind) {
    sum.messages += window.messages;
    sum.drained += window.drained;
    sum.repeated += window.repeated;
    sum.errors.merge(&window.errors);
    if let (Some(sum), Some(window)) = (&mut sum.open_loop, &window.open_loop) {
        add_open_loop(sum, window);
    }
}

fn add_open_loop(sum: &mut OpenLoop, window: &OpenLoop) {
    sum.due += window.due;
    sum.sent += window.sent;
    sum.censored += window.censored;
    sum.unsent += window.unsent;
    sum.lost += window.lost;
}

/// Rates and percentiles of the sum.
#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
fn derive(sum: &mut Measurement) {
    let outcome = &mut sum.outcome;
    let seconds = outcome.elapsed_ns as f64 / 1e9;
    let per_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    let times = |name: &str| sum.further_ns.get(name).and_then(Latency::of);
    let cpu_ns: u64 = outcome.client_threads.iter().map(|thread| thread.cpu_ns).sum();
    outcome.messages_per_second = per_second(outcome.messages);
    outcome.client_cpu_ns_per_message =
        (outcome.messages > 0).then(|| cpu_ns as f64 / outcome.messages as f64);
    outcome.latency = Latency::of(&sum.latency_ns);
    let derive_open_loop = |open: &mut OpenLoop, prefix: &str| {
        open.sent_per_second = per_second(open.sent);
        [open.service, open.send_lag, open.generator_late, open.blocked] =
            ["service", "send_lag", "generator_late", "blocked"]
                .map(|name| times(&format!("{prefix}{name}")));
    };
    if let Some(open) = &mut outcome.open_loop {
        derive_open_loop(open, "");
    }
    for kind in &mut outcome.kinds {
        kind.messages_per_second = per_second(kind.messages);
        kind.latency = times(&format!("{}.latency", kind.name));
        if let Some(open) = &mut kind.open_loop {
            derive_open_loop(open, &format!("{}.", kind.name));
        }
    }
    if let Some(Churned { completed, completed_per_second, greeting, life, .. }) = &mut outcome.churned {
        *completed_per_second = per_second(*completed);
        [*greeting, *life] = ["greeting", "life"].map(times);
    }
}

#[cfg(test)]
mod tests;
