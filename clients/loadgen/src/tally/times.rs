//! How times are recorded.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Times from 1 ns to 60 s are recorded with three significant digits in about 216 KiB. A longer time makes the
/// histogram grow by 8 KiB for each doubling: a window and its drain may last two hours, and no time is cut off.
const USUALLY_LONGEST_NS: u64 = 60_000_000_000;

pub(super) fn histogram() -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1, USUALLY_LONGEST_NS, 3)?;
    histogram.auto(true);
    Ok(histogram)
}

/// Records how long `count` messages or connections took.
pub(super) fn record(histogram: &mut Histogram<u64>, time: Duration, count: u64) {
    let recorded = histogram.record_n(nanoseconds(time), count);
    // It grows up to 292 years.
    debug_assert!(recorded.is_ok(), "{time:?}: {recorded:?}");
}

/// Saturates after 584 years.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Latency;

    #[test]
    fn the_longest_wait_of_a_run_is_recorded_as_it_is() {
        // An hour of window, an hour of draining, and a minute below and above what is usual.
        let mut times = histogram().unwrap();
        for seconds in [59, 69, 76, 3_600, 7_200] {
            record(&mut times, Duration::from_secs(seconds), 1);
        }
        let told = Latency::of(&times).unwrap();
        for (ns, seconds) in [(told.p50_ns, 76_u64), (told.max_ns, 7_200)] {
            let exact = seconds * 1_000_000_000;
            assert!(ns.abs_diff(exact) <= exact / 1_000, "{ns} ns for {seconds} s");
        }
        assert_eq!(told.samples, 5);
    }
}
