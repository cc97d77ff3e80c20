//! Connecting: each address of a name in turn, and why none of them could be connected to.
//!
//! Nothing in here opens a connection: the caller does, and this decides which address comes next, how long it may take,
//! and what the user is told.

mod cause;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::addresses::Addresses;

pub use cause::{Cause, has_ipv6};

/// Sockets refuse a timeout of zero.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(1);

/// An address that could not be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub cause: Cause,
    /// The system's error message.
    error: String,
}

/// No address could be connected to. The message names each, what the system said, the cause and the remedy.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct CannotConnect {
    addresses: Addresses,
    /// In the order in which they were made.
    attempts: Vec<Attempt>,
}

impl Addresses {
    /// Calls `connect` with each address in turn, until one call succeeds. Each gets an equal share of the time that is
    /// left, so that an address that does not answer leaves some for the others.
    ///
    /// # Errors
    /// No call succeeded.
    pub fn try_each<T>(
        &self,
        within: Duration,
        mut connect: impl FnMut(SocketAddr, Duration) -> io::Result<T>,
    ) -> Result<(SocketAddr, T), CannotConnect> {
        let started = Instant::now();
        let mut attempts = Vec::new();
        for (&address, to_try) in self.all().iter().zip((1..=self.all().len()).rev()) {
            let share = within.saturating_sub(started.elapsed()) / u32::try_from(to_try).unwrap_or(u32::MAX);
            match connect(address, share.max(SHORTEST_ATTEMPT)) {
                Ok(connected) => return Ok((address, connected)),
                Err(error) => attempts.push(Attempt::new(address, &error)),
            }
        }
        Err(CannotConnect { addresses: self.clone(), attempts })
    }
}

impl Attempt {
    /// What the system said about this address.
    pub fn new(address: SocketAddr, error: &io::Error) -> Attempt {
        Attempt { address, cause: Cause::of(error, address), error: error.to_string() }
    }
}

/// What the system said, and what it means.
impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attempt { cause, error, .. } = self;
        if cause.reason().is_empty() {
            formatter.write_str(error)
        } else {
            write!(formatter, "{error}: {}", cause.reason())
        }
    }
}

impl CannotConnect {
    /// The attempt whose cause the user should remove: if there are several, one for which there is more to do than to
    /// leave IPv6 alone.
    pub fn decisive(&self) -> Option<&Attempt> {
        let other = self.attempts.iter().find(|attempt| attempt.cause != Cause::NoIpv6);
        other.or(self.attempts.first())
    }

    /// Whether the cause is a limit of this machine or process, and not the server.
    pub fn is_ours(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.cause.is_ours())
    }
}

impl fmt::Display for CannotConnect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempts.as_slice() {
            [attempt] => {
                write!(formatter, "cannot connect to {}: {attempt}", self.addresses.with(attempt.address))?;
            }
            attempts => {
                write!(formatter, "cannot connect to {}", self.addresses)?;
                for attempt in attempts {
                    write!(formatter, "; {}: {attempt}", attempt.address)?;
                }
            }
        }
        let remedy = self.decisive().map_or("", |attempt| attempt.cause.remedy());
        if remedy.is_empty() { Ok(()) } else { write!(formatter, "; {remedy}") }
    }
}
