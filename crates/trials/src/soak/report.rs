//! The outcome of a soak: figures, and a finding for each exceeded bound.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;

use text::units::{bytes, signed_bytes, whole_bytes};

use super::behaviour::Behaviour;
use super::drift::slope;
use super::tally::Tally;
use observe::meter::Sample;

/// An idle server wakes only for its timers.
const IDLE_CPU_AT_MOST: f64 = 0.02;
/// The largest growth that a straight line may show over the observed time. Allocators keep what threads and buffers
/// once needed, and approach this bound without exceeding it, however long the run. A leak of 100 bytes per connection
/// exceeds it within minutes.
const GROWTH_AT_MOST: f64 = 8.0 * 1024.0 * 1024.0;
/// The share of the run at its beginning that the line leaves out: there memory grows to its working size.
const UNWATCHED_SHARE: f64 = 0.25;

/// The figures of one run. Units are in the names.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The program's version.
    version: &'static str,
    model: String,
    seed: u64,
    seconds: u64,
    /// Hostile connections by behaviour.
    connections: BTreeMap<Behaviour, u64>,
    verified_connections: u64,
    /// The sum of hostile and verified connections.
    connections_total: u64,
    verified_bytes: u64,
    /// Clients that could not connect because ports or descriptors were short here.
    not_made: u64,
    /// Slow readers that were scheduled so late here that the server had to drop them.
    too_slow: u64,
    /// Errors of verified clients.
    errors: u64,
    first_error: Option<String>,
    /// At rest, before and after.
    before: Sample,
    after: Sample,
    most_anonymous_bytes: u64,
    most_descriptors: usize,
    most_threads: usize,
    /// Slope of anonymous memory under load; absent if there were too few samples.
    drift_bytes_per_hour: Option<f64>,
    /// That slope times the observed time.
    fitted_growth_bytes: Option<f64>,
    idle_cpu_share: f64,
    exit: String,
    /// Broken promises; empty if there are none.
    pub findings: Vec<String>,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "all that a run yields, gathered once")]
    pub(super) fn new(
        model: &str,
        seed: u64,
        length: Duration,
        tally: &Tally,
        samples: &[Sample],
        [before, after]: [Sample; 2],
        idle_cpu_share: f64,
        exit: ExitStatus,
    ) -> Self {
        let (errors, first_error) = tally.errors();
        let (drift_bytes_per_hour, fitted_growth_bytes) = drift(samples, length).unzip();
        let most = |figure: fn(&Sample) -> usize| samples.iter().map(figure).max().unwrap_or(0);
        let connections = tally.connections();
        let verified_connections = tally.verified_connections.load(Ordering::Relaxed);
        let mut report = Report {
            version: env!("CARGO_PKG_VERSION"),
            model: model.to_owned(),
            seed,
            seconds: length.as_secs(),
            connections_total: connections.values().sum::<u64>() + verified_connections,
            connections,
            verified_connections,
            verified_bytes: tally.verified_bytes.load(Ordering::Relaxed),
            not_made: tally.not_made.load(Ordering::Relaxed),
            too_slow: tally.too_slow.load(Ordering::Relaxed),
            errors,
            first_error,
            before,
            after,
            most_anonymous_bytes: samples.iter().map(|sample| sample.anonymous_bytes).max().unwrap_or(0),
            most_descriptors: most(|sample| sample.descriptors),
            most_threads: most(|sample| sample.threads),
            drift_bytes_per_hour,
            fitted_growth_bytes,
            idle_cpu_share,
            exit: exit.to_string(),
            findings: Vec::new(),
        };
        report.judge(exit.success());
        report
    }

    fn judge(&mut self, ended_well: bool) {
        let Report { before, after, .. } = self;
        let growth = self.fitted_growth_bytes.unwrap_or(0.0);
        let judgements = [
            (self.errors == 0, format!("{} errors of verified clients", self.errors)),
            (self.verified_bytes > 0, "no reply byte was verified".to_owned()),
            (self.connections.values().any(|count| *count > 0), "no hostile client connected".to_owned()),
            (self.fitted_growth_bytes.is_some(), "there are too few samples to judge the memory".to_owned()),
            (
                after.descriptors <= before.descriptors,
                format!("{} descriptors at rest, {} before the run", after.descriptors, before.descriptors),
            ),
            (
                after.threads <= before.threads,
                format!("{} threads at rest, {} before the run", after.threads, before.threads),
            ),
            (
                growth <= GROWTH_AT_MOST,
                format!("memory grew by {}, the limit is {}", bytes(growth), bytes(GROWTH_AT_MOST)),
            ),
            (
                self.idle_cpu_share <= IDLE_CPU_AT_MOST,
                format!("{:.1} % of a CPU used while idle", self.idle_cpu_share * 100.0),
            ),
            (ended_well, format!("the server ended with {}", self.exit)),
        ];
        self.findings =
            judgements.into_iter().filter(|(holds, _)| !holds).map(|(_, finding)| finding).collect();
    }
}

/// The slope of anonymous memory in bytes per hour, and the slope times the observed time.
fn drift(samples: &[Sample], length: Duration) -> Option<(f64, f64)> {
    let from = length.mul_f64(UNWATCHED_SHARE);
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53 bytes")]
    let points: Vec<(f64, f64)> = samples
        .iter()
        .filter(|sample| sample.at >= from)
        .map(|sample| (sample.at.as_secs_f64(), sample.anonymous_bytes as f64))
        .collect();
    let per_second = slope(&points)?;
    Some((per_second * 3600.0, per_second * (length.saturating_sub(from)).as_secs_f64()))
}

/// A progress line.
pub(super) fn progress(sample: &Sample, tally: &Tally) -> String {
    format!(
        "{:>5} s: {} hostile and {} verified connections, {} verified, {} errors; {}, \
         {} descriptors, {} threads\n",
        sample.at.as_secs(),
        tally.connections().values().sum::<u64>(),
        tally.verified_connections.load(Ordering::Relaxed),
        whole_bytes(tally.verified_bytes.load(Ordering::Relaxed)),
        tally.errors().0,
        whole_bytes(sample.anonymous_bytes),
        sample.descriptors,
        sample.threads,
    )
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { before, after, .. } = self;
        writeln!(formatter, "{}: {} s, seed {}", self.model, self.seconds, self.seed)?;
        for (behaviour, count) in &self.connections {
            writeln!(formatter, "  {count:>9} connections  {}", behaviour.title())?;
        }
        writeln!(formatter, "  {:>9} connections  verified load", self.verified_connections)?;
        writeln!(formatter, "  {:>9} connections  in total", self.connections_total)?;
        writeln!(formatter, "  {:>9} verified, {} errors", whole_bytes(self.verified_bytes), self.errors)?;
        if let Some(first) = &self.first_error {
            writeln!(formatter, "  first error: {first}")?;
        }
        if self.not_made > 0 {
            writeln!(formatter, "  {} turns skipped: local ports or descriptors were short", self.not_made)?;
        }
        if self.too_slow > 0 {
            writeln!(
                formatter,
                "  {} slow readers not judged: this machine scheduled them too late",
                self.too_slow
            )?;
        }
        writeln!(
            formatter,
            "  memory at rest {} -> {} (resident {} -> {}), peak {}",
            whole_bytes(before.anonymous_bytes),
            whole_bytes(after.anonymous_bytes),
            whole_bytes(before.resident_bytes),
            whole_bytes(after.resident_bytes),
            whole_bytes(self.most_anonymous_bytes),
        )?;
        if let (Some(per_hour), Some(growth)) = (self.drift_bytes_per_hour, self.fitted_growth_bytes) {
            writeln!(
                formatter,
                "  memory drift {} per hour by least squares: {} in the observed time, limit {}",
                signed_bytes(per_hour),
                signed_bytes(growth),
                bytes(GROWTH_AT_MOST),
            )?;
        }
        writeln!(
            formatter,
            "  descriptors at rest {} -> {}, peak {}",
            before.descriptors, after.descriptors, self.most_descriptors
        )?;
        writeln!(
            formatter,
            "  threads at rest {} -> {}, peak {}",
            before.threads, after.threads, self.most_threads
        )?;
        writeln!(
            formatter,
            "  idle at the end: {:.2} % of a CPU; {}",
            self.idle_cpu_share * 100.0,
            self.exit
        )?;
        for finding in &self.findings {
            writeln!(formatter, "  NOT HELD: {finding}")?;
        }
        if self.findings.is_empty() { writeln!(formatter, "  held") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    const MEBI: u64 = 1 << 20;

    fn sample(second: u64, anonymous_bytes: u64) -> Sample {
        Sample {
            at: Duration::from_secs(second),
            anonymous_bytes,
            descriptors: 5,
            threads: 2,
            ..Sample::default()
        }
    }

    fn report(samples: &[Sample], after: Sample, idle: f64, exit: i32, errors: u64) -> Report {
        let tally = Tally::default();
        tally.verified_bytes.fetch_add(1, Ordering::Relaxed);
        tally.connected(Behaviour::Deaf);
        if errors > 0 {
            tally.failed(errors, || "an error".to_owned());
        }
        let both = [sample(0, MEBI), after];
        let length = Duration::from_secs(100);
        Report::new("mio", 1, length, &tally, samples, both, idle, ExitStatus::from_raw(exit))
    }

    #[test]
    fn a_run_without_a_fault_has_no_finding() {
        // Growth in the first busy quarter is no drift.
        let samples: Vec<_> = (0..100).map(|second| sample(second, second.min(25) * MEBI)).collect();
        let report = report(&samples, sample(0, 25 * MEBI), 0.001, 0, 0);
        assert_eq!(report.findings, Vec::<String>::new());
        assert_eq!(report.drift_bytes_per_hour, Some(0.0));
        assert!(report.to_string().ends_with("held\n"));
    }

    #[test]
    fn a_run_in_which_nothing_happened_has_shown_nothing() {
        let both = [sample(0, MEBI), sample(0, MEBI)];
        let length = Duration::from_secs(100);
        let status = ExitStatus::from_raw(0);
        let report = Report::new("mio", 1, length, &Tally::default(), &[], both, 0.0, status);
        let expected = [
            "no reply byte was verified",
            "no hostile client connected",
            "there are too few samples to judge the memory",
        ];
        assert_eq!(report.findings, expected);
    }

    #[test]
    fn each_fault_is_its_own_finding() {
        let leak: Vec<_> = (0..100).map(|second| sample(second, second * MEBI)).collect();
        let after = Sample { descriptors: 6, threads: 3, ..sample(0, 100 * MEBI) };
        let findings = report(&leak, after, 0.5, 3 << 8, 7).findings;
        let expected = [
            "7 errors of verified clients",
            "6 descriptors at rest, 5 before the run",
            "3 threads at rest, 2 before the run",
            "memory grew by 75.0 MiB, the limit is 8.00 MiB",
            "50.0 % of a CPU used while idle",
            "the server ended with exit status: 3",
        ];
        assert_eq!(findings, expected);
    }
}
