//! What a number costs on its own, and its answer.

use std::fmt;
use std::time::{Duration, Instant};

use prime::{Test, Verdict};

/// A number, tested on this machine while nothing else was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u64,
    /// Whether it is prime.
    pub verdict: Verdict,
    /// How long the test took.
    pub alone: Duration,
}

/// A number whose test takes too long to be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TooBig {
    value: u64,
    limit: Duration,
}

impl Number {
    /// Tests the number, for this long at most.
    ///
    /// # Errors
    /// The test takes longer.
    pub fn tested(value: u64, limit: Duration) -> Result<Number, TooBig> {
        let (mut test, start) = (Test::new(value), Instant::now());
        loop {
            let verdict = test.go_on();
            let alone = start.elapsed();
            if let Some(verdict) = verdict {
                return Ok(Number { value, verdict, alone });
            }
            if alone >= limit {
                return Err(TooBig { value, limit });
            }
        }
    }
}

impl fmt::Display for TooBig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooBig { value, limit } = self;
        write!(formatter, "{value} takes longer than {limit:?} to test; give a smaller number")
    }
}
