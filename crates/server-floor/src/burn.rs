//! CPU time that is burned on purpose: a slowdown of known size, to test whether an instrument finds it.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Turns of the loop that are timed at once: some hundred microseconds, less than a time slice.
const TURNS: u64 = 200_000;
/// How often they are timed. The fastest time counts: it was not interrupted.
const ATTEMPTS: u32 = 20;

/// A loop that takes a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burn {
    turns: u64,
}

impl Burn {
    /// One that takes this long on this processor, as it runs now.
    pub(crate) fn of(time: Duration) -> Burn {
        let fastest = (0..ATTEMPTS).map(|_| Burn { turns: TURNS }.timed()).min().unwrap_or_default();
        let turns = time.as_nanos() * u128::from(TURNS) / fastest.as_nanos().max(1);
        Burn { turns: u64::try_from(turns).unwrap_or(u64::MAX) }
    }

    /// Burns it.
    pub(crate) fn burn(self) {
        for turn in 0..self.turns {
            black_box(turn);
        }
    }

    fn timed(self) -> Duration {
        let start = Instant::now();
        self.burn();
        start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_time_is_twice_the_turns_and_none_is_none() {
        assert_eq!(Burn::of(Duration::ZERO), Burn { turns: 0 });
        let burn = Burn::of(Duration::from_millis(2));
        // The clock may have changed its pace since, and others may interrupt: the fastest of many is near.
        let fastest = (0..ATTEMPTS).map(|_| burn.timed()).min().unwrap();
        assert!((Duration::from_millis(1)..Duration::from_millis(4)).contains(&fastest), "{fastest:?}");
    }
}
