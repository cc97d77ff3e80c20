//! The figures of one trial.

use loadgen::Share;
use serde::Serialize;

use crate::record::{Observed, Record};

/// A figure that can be asked of every trial. Units are in [`Metric::unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From before the first scripted client connects until the last one has ended.
    ScriptTime,
    /// Verified messages a second.
    MessagesPerSecond,
    /// Complete connections a second, in churn.
    ConnectionsPerSecond,
    /// Verified reply bytes a second.
    ReplyMegabytesPerSecond,
    /// Percentiles of the round trip (closed loop, churn) or of the response time (open loop).
    P50,
    /// See [`Metric::P50`].
    P90,
    /// See [`Metric::P50`].
    P99,
    /// See [`Metric::P50`].
    P999,
    /// The longest of them.
    Max,
    /// The median of big requests, which are in work beside those that the other percentiles are of.
    BigP50,
    /// The server's CPU time per message, user and system.
    CpuPerMessage,
    /// The part of it in user mode: from clock ticks, so all rounds together give one value.
    UserCpuPerMessage,
    /// The part of it in system mode, likewise.
    SystemCpuPerMessage,
    /// The server's peak physical memory.
    PeakMemory,
    /// Growth of the server's own memory per connection.
    MemoryPerConnection,
    /// The server's threads, at the end of the window.
    Threads,
    /// The server's connections to the cache: its pool, which grows as it is needed.
    CacheConnections,
    /// Context switches of the server's threads per message, voluntary and involuntary.
    SwitchesPerMessage,
    /// Clients that were served.
    Served,
    /// Clients that were never served although others were.
    Starved,
    /// The load generator's CPU time per message.
    ClientCpuPerMessage,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Metric; 21] = [
        Metric::ScriptTime,
        Metric::MessagesPerSecond,
        Metric::ConnectionsPerSecond,
        Metric::ReplyMegabytesPerSecond,
        Metric::P50,
        Metric::P90,
        Metric::P99,
        Metric::P999,
        Metric::Max,
        Metric::BigP50,
        Metric::CpuPerMessage,
        Metric::UserCpuPerMessage,
        Metric::SystemCpuPerMessage,
        Metric::PeakMemory,
        Metric::MemoryPerConnection,
        Metric::Threads,
        Metric::CacheConnections,
        Metric::SwitchesPerMessage,
        Metric::Served,
        Metric::Starved,
        Metric::ClientCpuPerMessage,
    ];

    /// The unit of its values.
    pub const fn unit(self) -> &'static str {
        match self {
            Metric::ScriptTime
            | Metric::P50
            | Metric::P90
            | Metric::P99
            | Metric::P999
            | Metric::Max
            | Metric::BigP50 => "ns",
            Metric::MessagesPerSecond => "messages/s",
            Metric::ConnectionsPerSecond => "connections/s",
            Metric::ReplyMegabytesPerSecond => "MB/s",
            Metric::CpuPerMessage
            | Metric::UserCpuPerMessage
            | Metric::SystemCpuPerMessage
            | Metric::ClientCpuPerMessage => "ns/message",
            Metric::PeakMemory => "bytes",
            Metric::MemoryPerConnection => "bytes/connection",
            Metric::Threads => "threads",
            Metric::CacheConnections => "connections",
            Metric::SwitchesPerMessage => "switches/message",
            Metric::Served | Metric::Starved => "clients",
        }
    }

    /// A short description.
    pub const fn title(self) -> &'static str {
        match self {
            Metric::ScriptTime => "time of the script",
            Metric::MessagesPerSecond => "messages per second",
            Metric::ConnectionsPerSecond => "connections per second",
            Metric::ReplyMegabytesPerSecond => "reply bytes per second",
            Metric::P50 => "median latency",
            Metric::P90 => "90th percentile of latency",
            Metric::P99 => "99th percentile of latency",
            Metric::P999 => "99.9th percentile of latency",
            Metric::Max => "longest latency",
            Metric::BigP50 => "median latency of big requests",
            Metric::CpuPerMessage => "server CPU per message",
            Metric::UserCpuPerMessage => "user CPU per message",
            Metric::SystemCpuPerMessage => "system CPU per message",
            Metric::PeakMemory => "peak memory",
            Metric::MemoryPerConnection => "memory per connection",
            Metric::Threads => "threads",
            Metric::CacheConnections => "connections to the cache",
            Metric::SwitchesPerMessage => "context switches per message",
            Metric::Served => "clients served",
            Metric::Starved => "clients starved",
            Metric::ClientCpuPerMessage => "load generator's CPU per message",
        }
    }

    /// Which way is better.
    pub const fn better(self) -> Better {
        match self {
            Metric::MessagesPerSecond
            | Metric::ConnectionsPerSecond
            | Metric::ReplyMegabytesPerSecond
            | Metric::Served => Better::Higher,
            _ => Better::Lower,
        }
    }

    /// How finely it is read, as a fraction of its value.
    pub(super) const fn step(self) -> f64 {
        match self {
            // The records' histograms keep two digits.
            Metric::P50 | Metric::P90 | Metric::P99 | Metric::P999 | Metric::Max | Metric::BigP50 => 0.01,
            _ => 0.0,
        }
    }

    /// Its value in a trial; `None` if it was not measured there, or is known only for all rounds together.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    pub(super) fn of(self, record: &Record) -> Option<f64> {
        let (outcome, usage, memory, pool) = match &record.observed {
            Observed::Script { elapsed_ns, .. } if self == Metric::ScriptTime => {
                return Some(*elapsed_ns as f64);
            }
            Observed::Load { outcome, usage, memory_per_connection_bytes, connections_to_cache, .. } => {
                (outcome, usage.as_ref(), *memory_per_connection_bytes, *connections_to_cache)
            }
            Observed::Script { .. } | Observed::Failed { .. } => return None,
        };
        // Where big requests are in work beside small ones, the question is about the small ones.
        let big = record.load.as_ref().and_then(big_kind);
        let small = big.and_then(|_| outcome.kinds.first());
        let latency = small.map_or(outcome.latency.as_ref(), |small| small.latency.as_ref());
        // The server's account also spans the draining after the window.
        let messages = outcome.messages + outcome.drained;
        let answered = (messages > 0).then_some(messages as f64);
        match self {
            Metric::ScriptTime | Metric::UserCpuPerMessage | Metric::SystemCpuPerMessage => None,
            Metric::MessagesPerSecond => {
                Some(small.map_or(outcome.messages_per_second, |small| small.messages_per_second))
            }
            Metric::ConnectionsPerSecond => {
                outcome.churned.as_ref().map(|churned| churned.completed_per_second)
            }
            // Bytes in a nanosecond are gigabytes in a second.
            Metric::ReplyMegabytesPerSecond => {
                (outcome.elapsed_ns > 0).then(|| outcome.reply_bytes as f64 * 1e3 / outcome.elapsed_ns as f64)
            }
            Metric::P50 => latency.map(|latency| latency.p50_ns as f64),
            Metric::P90 => latency.map(|latency| latency.p90_ns as f64),
            Metric::P99 => latency.map(|latency| latency.p99_ns as f64),
            Metric::P999 => latency.map(|latency| latency.p999_ns as f64),
            Metric::Max => latency.map(|latency| latency.max_ns as f64),
            Metric::BigP50 => outcome.kinds.get(big?)?.latency.as_ref().map(|latency| latency.p50_ns as f64),
            Metric::CpuPerMessage => record.observed.cpu_ns_per_message(),
            Metric::PeakMemory => usage.map(|usage| usage.peak_memory_bytes as f64),
            Metric::MemoryPerConnection => memory,
            Metric::Threads => usage.map(|usage| usage.threads as f64),
            Metric::CacheConnections => pool.map(|connections| connections as f64),
            Metric::SwitchesPerMessage => usage.zip(answered).map(|(usage, answered)| {
                (usage.voluntary_switches + usage.involuntary_switches) as f64 / answered
            }),
            Metric::Served => Some(outcome.served as f64),
            Metric::Starved => record.starved().map(|clients| clients as f64),
            Metric::ClientCpuPerMessage => outcome.client_cpu_ns_per_message,
        }
    }
}

/// The place of the kind of big requests, which are in work on connections of their own.
pub(crate) fn big_kind(load: &loadgen::Scenario) -> Option<usize> {
    load.kinds.iter().position(|kind| matches!(kind.share, Share::Clients(_)))
}
