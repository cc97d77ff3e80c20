//! CPU time that is burned on purpose: a slowdown of known size, to test whether an instrument finds it.

use std::time::{Duration, Instant};

/// How often the same is burned to learn what it takes: some milliseconds, with the times that others interrupt.
const SAMPLES: u32 = 2_000;
/// How often that is repeated. The shortest counts: it was interrupted least.
const ATTEMPTS: u32 = 20;

/// Waits for the clock, on the CPU. What a loop that counts takes would depend on the work around it, with which it may
/// overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burn {
    /// By the clock, from the first reading on.
    wait: Duration,
}

impl Burn {
    /// One that takes this long on this machine. The shortest one takes two readings of the clock.
    pub(crate) fn of(time: Duration) -> Burn {
        let taken = Burn { wait: time }.taken();
        // What goes beyond, the readings and the last turn, is part of it.
        Burn { wait: time.saturating_sub(taken.saturating_sub(time)) }
    }

    /// Burns it.
    pub(crate) fn burn(self) {
        let start = Instant::now();
        while start.elapsed() < self.wait {}
    }

    /// How long one takes among others, on average.
    fn taken(self) -> Duration {
        let sample = || {
            let start = Instant::now();
            (0..SAMPLES).for_each(|_| self.burn());
            start.elapsed() / SAMPLES
        };
        (0..ATTEMPTS).map(|_| sample()).min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_on_the_cpu_and_its_own_readings_of_the_clock_are_part_of_it() {
        for asked in [Duration::from_nanos(300), Duration::from_micros(3)] {
            let burn = Burn::of(asked);
            assert!(burn.wait < asked, "{burn:?}");
            let start = Instant::now();
            burn.burn();
            assert!(start.elapsed() >= burn.wait, "{burn:?}");
        }
    }
}
