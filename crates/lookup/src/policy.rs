//! What every client of the cache has in common. It reads no clock but for the log.

use std::time::{Duration, Instant};

use chassis::LogLimit;
use prime::Verdict;
use thiserror::Error;
use tracing::warn;

/// A lookup, or a store, is waited for this long: for a free connection, the connecting and the answer together. Far above
/// what a cache takes that is worth asking; a number is tested in the same time.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// Connections that a model with blocking clients holds, at most. Each carries one lookup at a time, so that with a latency
/// of 5 ms there are 12,800 in a second. The clients that await or call back have one connection, which carries any number.
pub const MOST_CONNECTIONS: usize = 64;

/// The pause after a first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause: a cache that has come back is used within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where a number's verdict is stored. Leading zeros are no part of a number.
#[must_use]
pub fn key(number: u64) -> String {
    format!("primecache:{number}")
}

/// What is stored.
#[must_use]
pub const fn value(verdict: Verdict) -> &'static [u8] {
    match verdict {
        Verdict::Prime => b"prime",
        Verdict::Composite => b"composite",
    }
}

/// What was stored.
///
/// # Errors
/// [`Trouble::Nonsense`] for everything else than [`value`] gives.
pub fn parse(value: &[u8]) -> Result<Verdict, Trouble> {
    match value {
        b"prime" => Ok(Verdict::Prime),
        b"composite" => Ok(Verdict::Composite),
        _ => Err(Trouble::nonsense(value)),
    }
}

/// Why the cache did not help.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be connected to, or the connection has ended, or what came is no RESP.
    #[error("{0}")]
    Broken(String),
    /// Nothing came within [`TIMEOUT`].
    #[error("no answer within {TIMEOUT:?}")]
    Slow,
    /// All connections were in use for as long as [`TIMEOUT`].
    #[error("no connection was free within {TIMEOUT:?}")]
    Busy,
    /// It answered with an error, such as `-OOM`.
    #[error("it answers {0}")]
    Refused(String),
    /// It answered with what is no verdict.
    #[error("its value is neither prime nor composite but {0:?}")]
    Nonsense(String),
}

impl Trouble {
    /// A value that is none; a long one is cut.
    #[must_use]
    pub fn nonsense(value: &[u8]) -> Trouble {
        const SHOWN: usize = 64;
        Trouble::Nonsense(value[..value.len().min(SHOWN)].escape_ascii().to_string())
    }

    /// Whether the connection can be used no more, since an answer that is late or in pieces would be taken for the next.
    #[must_use]
    pub const fn ends_connection(&self) -> bool {
        matches!(self, Trouble::Broken(_) | Trouble::Slow)
    }
}

/// Connections that were made since the same failure. After the next one they are used no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch(u64);

/// Whether the cache is worth asking. While it is away nobody waits for it: after a failure there is a pause, and then a
/// single attempt.
#[derive(Debug, Default)]
pub struct Health {
    epoch: Epoch,
    /// `None` if the last attempt went well.
    pause: Option<Duration>,
    /// The end of the pause, or of an attempt after one.
    until: Option<Instant>,
    log: LogLimit,
    unlogged: u64,
}

impl Health {
    /// Of a cache that nobody has asked yet.
    #[must_use]
    pub fn new() -> Health {
        Health::default()
    }

    /// Whether to ask. After a pause it says so to one caller, and to others only if that one has said nothing for
    /// [`TIMEOUT`].
    pub fn allows(&mut self, now: Instant) -> bool {
        match self.until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.until = Some(now + TIMEOUT);
                true
            }
        }
    }

    /// For a connection that is being made.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// An answer has come on a connection of this epoch.
    pub fn answered(&mut self, epoch: Epoch) {
        if epoch == self.epoch {
            (self.pause, self.until) = (None, None);
        }
    }

    /// The cache did not help, on a connection of this epoch. It is logged, once a second at most. Returns whether all
    /// connections are to be closed.
    pub fn failed(&mut self, epoch: Epoch, trouble: &Trouble, now: Instant) -> bool {
        self.unlogged += 1;
        if self.log.allows() {
            let unlogged = std::mem::take(&mut self.unlogged);
            warn!(cause = %trouble, times = unlogged, "the cache does not help; numbers are tested without it");
        }
        if !trouble.ends_connection() {
            // It has answered after all, or was not even asked.
            if *trouble != Trouble::Busy {
                self.answered(epoch);
            }
            return false;
        }
        if epoch != self.epoch {
            return false;
        }
        self.epoch.0 += 1;
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        (self.pause, self.until) = (Some(pause), Some(now + pause));
        true
    }
}
