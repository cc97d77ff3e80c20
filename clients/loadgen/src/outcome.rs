//! What a run found out. Units are in the names; what was not measured is absent, never zero.

use std::collections::BTreeMap;
use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A finished run: the figures, and the distribution that the latency figures were read from.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The figures.
    pub outcome: Outcome,
    /// Every round trip in nanoseconds. Histograms of several runs may be added; their percentiles may
    /// never be averaged.
    pub latency_ns: Histogram<u64>,
}

/// The figures of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Connections that the scenario asked for.
    pub connections: u64,
    /// Connections that the server greeted (protocol) or answered at least once (echo) while all were
    /// open.
    pub served: u64,
    /// Connections that were open all the time and never served, beside others that were. A result and
    /// not an error: it is what the models differ in.
    pub starved: u64,
    /// Length of the measured window.
    pub elapsed_ns: u64,
    /// Messages whose verified reply was complete within the measured window.
    pub messages: u64,
    /// `messages` over `elapsed_ns`.
    pub messages_per_second: f64,
    /// Verified reply bytes that arrived within the measured window.
    pub reply_bytes: u64,
    /// Messages that were in flight at the end of the window and answered after it.
    pub drained: u64,
    /// Messages that were sent and never answered.
    pub unfinished: u64,
    /// Round trips of all messages that were sent within the window and answered, drained ones too;
    /// absent if there were none.
    pub latency: Option<Latency>,
    /// CPU time of the load generator per message, user and system; absent without messages.
    pub client_cpu_ns_per_message: Option<f64>,
    /// What each thread of the load generator used within the measured window.
    #[serde(default)]
    pub client_threads: Vec<ClientThread>,
    /// What went wrong, by kind.
    pub errors: Errors,
}

/// What one thread of the load generator used within the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientThread {
    /// CPU time, user and system.
    pub cpu_ns: u64,
    /// Length of the window as this thread saw it.
    pub elapsed_ns: u64,
}

/// Percentiles of the round trip: from the moment when a message could be sent, to its last reply byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// How many round trips the percentiles come from.
    pub samples: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Latency {
    /// Reads the percentiles; `None` if the histogram is empty.
    pub fn of(latency_ns: &Histogram<u64>) -> Option<Self> {
        (!latency_ns.is_empty()).then(|| Latency {
            samples: latency_ns.len(),
            p50_ns: latency_ns.value_at_quantile(0.5),
            p90_ns: latency_ns.value_at_quantile(0.9),
            p99_ns: latency_ns.value_at_quantile(0.99),
            p999_ns: latency_ns.value_at_quantile(0.999),
            max_ns: latency_ns.max(),
        })
    }
}

/// How a connection can go wrong. Each connection fails once at most, and is then given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The connection could not be opened.
    Connect,
    /// The server closed the connection without having greeted it.
    Rejected,
    /// Not one connection was greeted; with at least one greeted, the others are starved.
    NoGreeting,
    /// The first byte was not the greeting.
    WrongGreeting,
    /// A reply byte had the wrong value.
    WrongByte,
    /// More bytes came than were owed.
    ExtraByte,
    /// The server closed its side before the client had closed its own.
    EarlyEnd,
    /// The server ended the stream in order, but still owed replies.
    MissingReply,
    /// After the client had closed its side, the end of the stream did not come in time.
    Stalled,
    /// The connection was reset.
    Reset,
    /// Reading or writing failed in another way.
    Io,
}

impl ErrorKind {
    /// The kind in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Connect => "not connected",
            ErrorKind::Rejected => "closed without greeting",
            ErrorKind::NoGreeting => "no greeting",
            ErrorKind::WrongGreeting => "wrong greeting",
            ErrorKind::WrongByte => "wrong reply byte",
            ErrorKind::ExtraByte => "extra byte",
            ErrorKind::EarlyEnd => "early end",
            ErrorKind::MissingReply => "missing reply",
            ErrorKind::Stalled => "stalled",
            ErrorKind::Reset => "reset",
            ErrorKind::Io => "input/output error",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Failed connections by kind, and the first failure in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// How many connections failed in each way; kinds that did not occur are not listed.
    pub by_kind: BTreeMap<ErrorKind, u64>,
    /// The first failure, as a sentence.
    pub first: Option<String>,
}

impl Errors {
    /// Whether no connection failed.
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// Connections that failed, in whatever way.
    pub fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }

    /// Connections that failed in this way.
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.by_kind.get(&kind).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, kind: ErrorKind, detail: impl FnOnce() -> String) {
        *self.by_kind.entry(kind).or_default() += 1;
        self.first.get_or_insert_with(detail);
    }
}

impl fmt::Display for Errors {
    /// All kinds in one line: `3 wrong reply byte, 1 reset`, or `none`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.pad("none");
        }
        let kinds: Vec<String> = self.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        formatter.pad(&kinds.join(", "))
    }
}
