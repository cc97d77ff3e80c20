//! What happened, counted: the same figures for every model.

use std::fmt;
use std::io;

use tracing::info;

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How one accepted connection ended. Every accepted connection ends in exactly one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client closed its side and got its whole reply, or a shutdown found it idle.
    Completed,
    /// A reset or another I/O error, or a panic in its handler.
    Error,
    /// Idle for too long, or it did not read its reply for too long.
    TimedOut,
    /// Closed before the greeting: --max-conns reached, its thread cannot be spawned, or a shutdown came first.
    Rejected,
    /// Part of its reply was still unsent at the drain deadline.
    Dropped,
}

/// Shared counters of a running server.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    completed: AtomicU64,
    errors: AtomicU64,
    timeouts: AtomicU64,
    rejected: AtomicU64,
    dropped: AtomicU64,
    answered_bytes: AtomicU64,
}

impl Counters {
    /// Counters that all stand at zero.
    #[must_use]
    pub fn new() -> Counters {
        Counters::default()
    }

    /// Notes an accepted connection.
    pub fn accept(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    /// Notes bytes that were sent to clients, greetings among them.
    pub fn answer(&self, bytes: u64) {
        self.answered_bytes.fetch_add(bytes, Relaxed);
    }

    /// Notes the end of a connection.
    pub fn close(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Completed => &self.completed,
            Outcome::Error => &self.errors,
            Outcome::TimedOut => &self.timeouts,
            Outcome::Rejected => &self.rejected,
            Outcome::Dropped => &self.dropped,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// The figures of a server that has ended. If its listener broke, the caller gets the reason instead, and
    /// the figures are logged.
    ///
    /// # Errors
    /// The reason.
    pub fn finish(&self, ended: io::Result<()>) -> io::Result<Summary> {
        let summary = self.summary();
        ended.inspect_err(|_| info!("{summary}")).map(|()| summary)
    }

    /// The same of a server with several loops, which have accepted this many clients each.
    ///
    /// # Errors
    /// The reason.
    pub fn finish_loops(&self, ended: io::Result<Vec<u64>>) -> io::Result<Summary> {
        let (accepted_by_loop, ended) = match ended {
            Ok(accepted) => (accepted, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        self.finish(ended).map(|summary| Summary { accepted_by_loop, ..summary })
    }

    /// The figures as they stand.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            accepted: self.accepted.load(Relaxed),
            completed: self.completed.load(Relaxed),
            errors: self.errors.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            answered_bytes: self.answered_bytes.load(Relaxed),
            accepted_by_loop: Vec::new(),
        }
    }
}

/// What a server counted from start to exit.
///
/// After [`serve`](crate::Serve) has returned, `accepted` is the sum of the five outcomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that ended as they should ([`Outcome::Completed`]).
    pub completed: u64,
    /// Connections that ended by an error ([`Outcome::Error`]).
    pub errors: u64,
    /// Connections closed by a timeout ([`Outcome::TimedOut`]).
    pub timeouts: u64,
    /// Connections closed before the greeting ([`Outcome::Rejected`]).
    pub rejected: u64,
    /// Connections that lost a part of their reply at the drain deadline ([`Outcome::Dropped`]).
    pub dropped: u64,
    /// Bytes sent to clients, greetings among them.
    pub answered_bytes: u64,
    /// Connections accepted by each of several loops that accept for themselves; empty for all other servers.
    pub accepted_by_loop: Vec<u64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            accepted,
            completed,
            errors,
            timeouts,
            rejected,
            dropped,
            answered_bytes,
            accepted_by_loop,
        } = self;
        write!(
            formatter,
            "accepted {accepted}, answered {answered_bytes} bytes, completed {completed}, errors {errors}, \
             timeouts {timeouts}, rejected {rejected}, dropped {dropped}"
        )?;
        if let [first, others @ ..] = accepted_by_loop.as_slice() {
            write!(formatter, ", by loop {first}")?;
            others.iter().try_for_each(|count| write!(formatter, " + {count}"))?;
        }
        Ok(())
    }
}
