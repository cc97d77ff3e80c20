//! Connection failures, counted by kind.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a connection can fail. Each connection fails at most once and is then given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The connection could not be opened.
    Connect,
    /// The server closed the connection without greeting it.
    Rejected,
    /// No connection was greeted; if at least one is, the others count as starved.
    NoGreeting,
    /// The first byte was not the greeting.
    WrongGreeting,
    /// A reply byte had the wrong value.
    WrongByte,
    /// More bytes arrived than were due.
    ExtraByte,
    /// The server closed its side before the client closed its own.
    EarlyEnd,
    /// The server closed its side in order, with replies missing.
    MissingReply,
    /// The server did not close its side in time after the client closed its own.
    Stalled,
    /// The connection was reset.
    Reset,
    /// Reading or writing failed in another way.
    Io,
}

impl ErrorKind {
    /// The kind as text.
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

    /// Connections that failed, of any kind.
    pub fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }

    /// Connections that failed with this kind.
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.by_kind.get(&kind).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, kind: ErrorKind, detail: impl FnOnce() -> String) {
        *self.by_kind.entry(kind).or_default() += 1;
        self.first.get_or_insert_with(detail);
    }

    /// Adds those of another part of the run.
    pub(crate) fn merge(&mut self, other: &Errors) {
        for (&kind, &count) in &other.by_kind {
            *self.by_kind.entry(kind).or_default() += count;
        }
        self.first = self.first.take().or_else(|| other.first.clone());
    }
}

impl fmt::Display for Errors {
    /// All kinds on one line: `3 wrong reply byte, 1 reset`, or `none`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.pad("none");
        }
        let kinds: Vec<String> = self.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        formatter.pad(&kinds.join(", "))
    }
}
