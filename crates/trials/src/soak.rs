//! One server under all hostile behaviours and verified load at once, for minutes on end.
//!
//! ```text
//!   crew of hostile clients ──┐
//!   (seeded, bounded)         ├──► one server, a child process ◄── meter: memory, descriptors, threads
//!   verified load, in laps ───┘
//! ```
//!
//! A case of the conformance catalogue shows once that nothing leaks; a soak shows it for hundreds of thousands of bad
//! clients: every good client is still answered right, and the server has no more resources at rest than before.

mod behaviour;
#[cfg(test)]
mod broken;
mod crew;
mod dialect;
mod drift;
mod hostile;
mod plan;
mod report;
mod tally;
mod verified;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use observe::{Meter, Pulse, Sample, ServerProcess};

use crate::excuse::excused;
use crate::subject::Subject;
use plan::{IDLE_TIMEOUT, Plan, WRITE_TIMEOUT};
use tally::Tally;

pub use report::Report;

/// The interval between samples of the server; a run of a day has fewer than 100,000 samples.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// The interval between progress lines.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// After the last client has gone, a server must be at rest within this time.
const REST_WITHIN: Duration = Duration::from_secs(30);
/// No client is connected when the server is stopped, so this is long enough even on a busy machine.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Soaks a server for this long and judges the outcome. `say` receives a progress line at intervals.
///
/// # Errors
/// The server cannot be started or observed (which needs Linux), or `say` fails.
pub fn run(
    subject: &Subject,
    seed: u64,
    length: Duration,
    say: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Report> {
    let plan = Plan::of(subject.service, subject.concurrency);
    let pulse = Pulse::start().context("cannot watch the clock")?;
    let server = ServerProcess::start(
        &subject.server,
        &["--idle-timeout", &seconds(IDLE_TIMEOUT), "--write-timeout", &seconds(WRITE_TIMEOUT)],
    )?;
    let meter = Meter::new(server.pid());
    // A server sets up some things once, for its first clients.
    let warm_up = Tally::default();
    verified::lap(server.address(), &plan, 0, Duration::from_millis(300), &warm_up);
    let before = meter.settled(None, REST_WITHIN)?;

    let tally = Tally::default();
    let samples = soak(&server, &meter, &plan, length, seed, &tally, say)?;
    let after = meter.settled(Some(&before), REST_WITHIN)?;
    let idle_cpu = meter.idle_cpu()?;
    let status = server.stop(STOP_WITHIN)?;
    let mut report =
        Report::new(&subject.name, seed, length, &tally, &samples, [before, after], idle_cpu, status);
    report.findings = excused(report.findings, pulse.lost());
    Ok(report)
}

fn seconds(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// Runs all clients for this long and samples the server meanwhile. The soak ends early if the server ends.
fn soak(
    server: &ServerProcess,
    meter: &Meter,
    plan: &Plan,
    length: Duration,
    seed: u64,
    tally: &Tally,
    say: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Vec<Sample>> {
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let end = start + length;
    thread::scope(|scope| {
        let go_on = || !stop.load(Ordering::Relaxed) && Instant::now() < end;
        for member in 0..plan.crew {
            scope.spawn(move || crew::work(member, server.address(), plan, seed, tally, go_on));
        }
        scope.spawn(move || verified::laps(server.address(), plan, end, tally, go_on));

        let samples = watch(meter, start, end, tally, say);
        stop.store(true, Ordering::Relaxed);
        samples
    })
}

fn watch(
    meter: &Meter,
    start: Instant,
    end: Instant,
    tally: &Tally,
    say: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut next_line = start + PROGRESS_EVERY;
    loop {
        let sample = meter.sample(start.elapsed())?;
        if Instant::now() >= next_line {
            say(&report::progress(&sample, tally))?;
            next_line += PROGRESS_EVERY;
        }
        samples.push(sample);
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(samples);
        }
        // A test of a few seconds must also get enough samples for a slope.
        thread::sleep(SAMPLE_EVERY.min(end.duration_since(start) / 20).min(left));
    }
}
