//! How long an answer takes.

use std::time::Duration;

use fastrand::Rng;

use crate::options::Settings;

/// Draws the latencies of arrivals. The same settings give the same ones.
#[derive(Debug)]
pub(crate) struct Delay {
    shortest: Duration,
    /// From the shortest to the longest, in nanoseconds.
    range: u64,
    random: Rng,
}

impl Delay {
    pub(crate) fn new(settings: &Settings) -> Delay {
        let range = (2 * settings.jitter).as_nanos();
        Delay {
            shortest: settings.latency.saturating_sub(settings.jitter),
            range: u64::try_from(range).unwrap_or(u64::MAX),
            random: Rng::with_seed(0),
        }
    }

    /// Of what has arrived now.
    pub(crate) fn draw(&mut self) -> Duration {
        if self.range == 0 {
            return self.shortest;
        }
        self.shortest + Duration::from_nanos(self.random.u64(0..=self.range))
    }
}
