//! How times are recorded.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Times are recorded from 1 ns to 60 s with three significant digits, in about 216 KiB. A longer time counts
/// as 60 s.
const LONGEST_NS: u64 = 60_000_000_000;

pub(super) fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LONGEST_NS, 3)?)
}

/// Saturates after 584 years.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
