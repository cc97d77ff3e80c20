//! The columns of a table.

use loadgen::{Bound, Load};

use super::grid::Cell;
use super::style::{DIM, NOT_MEASURED, PLAIN};
use crate::analysis::{Metric, Pair, Row};
use crate::scenario::Scenario;
use text::units::{count, duration, three_digits};

/// A column: its header, and the figure of a subject that it shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) header: &'static str,
    shows: Shows,
}

#[derive(Clone, Copy, Debug)]
enum Shows {
    /// The median of a metric, divided by this.
    Median(Metric, f64),
    /// A percentile in microseconds.
    Percentile(Metric),
    /// User mode's share of the CPU time.
    UserShare,
    /// CPU time as a multiple of the floor's.
    TimesFloor,
    /// Clients served, of all clients.
    Served,
    /// The most frequent verdict.
    Limit,
}

/// The rate of messages from this size on is shown in bytes a second: the question is then what a byte costs.
const BULK_BYTES: usize = 1024;

/// The columns for a scenario without a curve.
pub(super) fn columns(scenario: &Scenario) -> Vec<Column> {
    let median = |header, metric, unit| Column { header, shows: Shows::Median(metric, unit) };
    let percentile = |header, metric| Column { header, shows: Shows::Percentile(metric) };
    let load = scenario.load.clone().unwrap_or_default();
    let is_churn = load.load == Load::Churn;
    let rate = if is_churn {
        median("conn/s", Metric::ConnectionsPerSecond, 1.0)
    } else if load.payload_bytes >= BULK_BYTES {
        median("reply\nMB/s", Metric::ReplyMegabytesPerSecond, 1.0)
    } else {
        median("1,000\nmsg/s", Metric::MessagesPerSecond, 1e3)
    };
    let memory = if is_churn {
        median("peak\nMiB", Metric::PeakMemory, 1_048_576.0)
    } else {
        median("KiB/\nconn", Metric::MemoryPerConnection, 1024.0)
    };
    // With idle clients the figures are wide, and the memory column matters.
    let is_idle = load.idle > 0;
    let mut columns = vec![rate, percentile("p50\nµs", Metric::P50), percentile("p99\nµs", Metric::P99)];
    if !is_idle {
        columns.push(percentile("p99.9\nµs", Metric::P999));
    }
    columns.extend([
        median(if is_churn { "CPU µs\n/conn" } else { "CPU µs\n/msg" }, Metric::CpuPerMessage, 1e3),
        Column { header: "user\npart", shows: Shows::UserShare },
        Column { header: "CPU as times\nits floor's", shows: Shows::TimesFloor },
        memory,
        median("thr.", Metric::Threads, 1.0),
    ]);
    if scenario.cache.is_some() {
        columns.push(median("cache\nconn.", Metric::CacheConnections, 1.0));
    }
    if !is_idle {
        columns.push(median(
            if is_churn { "sw./\nconn" } else { "sw./\nmsg" },
            Metric::SwitchesPerMessage,
            1.0,
        ));
    }
    if !is_churn {
        columns.push(Column { header: "served", shows: Shows::Served });
    }
    columns.push(Column { header: "limit", shows: Shows::Limit });
    columns
}

impl Column {
    /// The metric whose best value is marked, if that is claimed. Messages of one size carry as many bytes.
    pub(super) fn contest(self) -> Option<Metric> {
        match self.shows {
            Shows::Median(Metric::ReplyMegabytesPerSecond, _) => Some(Metric::MessagesPerSecond),
            Shows::Median(metric, _) | Shows::Percentile(metric) => Some(metric),
            _ => None,
        }
    }

    /// The cell of a subject.
    pub(super) fn cell(self, row: &Row) -> Cell {
        let text = match self.shows {
            Shows::Median(metric @ (Metric::Threads | Metric::CacheConnections), _) => {
                row.median(metric).map(count)
            }
            Shows::Median(metric, unit) => row.median(metric).map(|value| three_digits(value / unit)),
            Shows::Percentile(metric) => row.median(metric).map(microseconds),
            Shows::UserShare => user_share(row).map(|share| format!("{:.0} %", 100.0 * share)),
            Shows::TimesFloor => row.cost_ratio.as_ref().map(times),
            Shows::Served => served(row),
            Shows::Limit => limit(row),
        };
        let is_doubtful = matches!(self.shows, Shows::TimesFloor)
            && row.cost_ratio.as_ref().is_some_and(|ratio| !ratio.claim.is_difference());
        let style = if is_doubtful { DIM } else { PLAIN };
        Cell { text: text.unwrap_or_else(|| NOT_MEASURED.to_owned()), style }
    }
}

/// A ratio, with its interval if it has one.
pub(super) fn times(ratio: &Pair) -> String {
    let center = three_digits(ratio.spread.center);
    match ratio.spread.interval {
        Some(interval) => {
            format!("{center} {}–{}", three_digits(interval.low), three_digits(interval.high))
        }
        None => center,
    }
}

/// Microseconds; from a tenth of a second on, which would not fit, with another unit.
fn microseconds(nanoseconds: f64) -> String {
    if nanoseconds < 0.1e9 { three_digits(nanoseconds / 1e3) } else { duration(nanoseconds) }
}

fn user_share(row: &Row) -> Option<f64> {
    let (user, system) = (row.median(Metric::UserCpuPerMessage)?, row.median(Metric::SystemCpuPerMessage)?);
    (user + system > 0.0).then(|| user / (user + system))
}

/// `1/50` where clients starve, else `all`.
fn served(row: &Row) -> Option<String> {
    let (served, starved) = (row.median(Metric::Served)?, row.median(Metric::Starved)?);
    Some(if starved > 0.0 { format!("{served:.0}/{:.0}", served + starved) } else { "all".to_owned() })
}

fn limit(row: &Row) -> Option<String> {
    let Some((bound, _)) = row.verdicts.first() else {
        return (!row.failures.is_empty()).then(|| "failed".to_owned());
    };
    let word = match bound {
        Bound::Server => "server",
        Bound::Client => "client",
        Bound::Neither => "none",
        Bound::Invalid if 2 * row.disturbed > row.trials => "others",
        Bound::Invalid => "invalid",
    };
    Some(if row.verdicts.len() > 1 { format!("{word}*") } else { word.to_owned() })
}
