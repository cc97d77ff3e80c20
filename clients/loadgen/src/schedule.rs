//! Due times of an open loop: a pure function of the index, independent of what the server does.
//!
//! Uniform: message `k` is due at `k / rate`, or a fixed time later. Poisson: at the sum of `k` exponential gaps, `-ln(1 - U) / rate`
//! each, from a seeded generator. With n workers, each takes every n-th message of the uniform schedule, or
//! runs its own Poisson process at an n-th of the rate: together these are one process at the full rate.

use std::time::Duration;

use crate::load::Arrivals;

const NANOSECONDS: u128 = 1_000_000_000;

/// One worker's due times, relative to the start of a window; ends with the window.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    gaps: Gaps,
    length: Duration,
}

/// Which part of the load a worker makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Which worker, from 0.
    pub(crate) index: usize,
    /// How many workers there are.
    pub(crate) of: usize,
}

/// How often messages are due, on all shares together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) messages: u64,
    /// In so many seconds.
    pub(crate) seconds: u64,
}

impl Rate {
    /// The time between two messages on average.
    pub(crate) fn gap(self) -> Duration {
        let nanoseconds = NANOSECONDS * u128::from(self.seconds) / u128::from(self.messages);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[derive(Clone, Debug)]
enum Gaps {
    Uniform { next_index: u64, step: u64, rate: Rate, later: Duration },
    Poisson { random: fastrand::Rng, rate: f64, seconds: f64 },
}

impl Schedule {
    /// A schedule without messages.
    pub(crate) fn empty() -> Self {
        Schedule {
            gaps: Gaps::Uniform {
                next_index: 0,
                step: 1,
                rate: Rate { messages: 1, seconds: 1 },
                later: Duration::ZERO,
            },
            length: Duration::ZERO,
        }
    }

    /// The due times of `share` within a window of `length`, at `rate` for all shares together.
    #[expect(clippy::cast_precision_loss, reason = "rates and shares are far below 2^53")]
    pub(crate) fn new(rate: Rate, arrivals: Arrivals, seed: u64, share: Share, length: Duration) -> Self {
        let (index, of) = (share.index as u64, share.of as u64);
        let gaps = match arrivals {
            Arrivals::Uniform => Gaps::Uniform { next_index: index, step: of, rate, later: Duration::ZERO },
            Arrivals::Poisson => {
                let mut random = fastrand::Rng::with_seed(seed);
                // Each share has its own random stream, independent of those of neighbouring seeds.
                for _ in 0..=index {
                    random = random.fork();
                }
                let rate = rate.messages as f64 / rate.seconds as f64 / of as f64;
                let mut gaps = Gaps::Poisson { random, rate, seconds: 0.0 };
                gaps.advance();
                gaps
            }
        };
        Schedule { gaps, length }
    }

    /// The same, with all messages so much later if they are due at fixed intervals.
    pub(crate) fn begun_later(mut self, by: Duration) -> Self {
        if let Gaps::Uniform { later, .. } = &mut self.gaps {
            *later = by;
        }
        self
    }

    /// When the next message is due; `None` once the window is over.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        Some(self.gaps.due()).filter(|due| *due < self.length)
    }

    /// Shortens the window to `length`, if that is less.
    pub(crate) fn cut(&mut self, length: Duration) {
        self.length = self.length.min(length);
    }

    /// Moves on to the next message.
    pub(crate) fn advance(&mut self) {
        self.gaps.advance();
    }
}

impl Gaps {
    fn due(&self) -> Duration {
        match self {
            Gaps::Uniform { next_index, rate, later, .. } => {
                let nanoseconds = u128::from(*next_index) * NANOSECONDS * u128::from(rate.seconds)
                    / u128::from(rate.messages);
                later.saturating_add(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
            }
            Gaps::Poisson { seconds, .. } => {
                // A time that overflows is after the end of any window.
                Duration::try_from_secs_f64(*seconds).unwrap_or(Duration::MAX)
            }
        }
    }

    fn advance(&mut self) {
        match self {
            Gaps::Uniform { next_index, step, .. } => *next_index += *step,
            Gaps::Poisson { random, rate, seconds } => *seconds -= (-random.f64()).ln_1p() / *rate,
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = self.next_due()?;
        self.advance();
        Some(due)
    }
}

#[cfg(test)]
mod tests;
