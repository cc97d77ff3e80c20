//! Figures as a reader finds them in charts, tables and sentences.

use super::super::analysis::{Interval, Metric, Spread};
use super::super::units;

const KIBIBYTE: f64 = 1024.0;

/// A metric's value with its unit.
pub(super) fn with_unit(metric: Metric, value: f64) -> String {
    match metric.unit() {
        "ns" | "ns/message" => units::duration(value),
        "messages/s" | "connections/s" => format!("{}/s", units::count(value)),
        "MB/s" => format!("{} MB/s", short(value)),
        "bytes" | "bytes/connection" => bytes(value),
        "threads" | "clients" => units::count(value),
        _ => short(value),
    }
}

/// The same without `/s`, which the column or the axis says.
pub(super) fn plain(metric: Metric, value: f64) -> String {
    let text = with_unit(metric, value);
    text.strip_suffix("/s")
        .filter(|rest| rest.chars().all(|letter| letter.is_ascii_digit() || letter == ','))
        .map_or_else(|| text.clone(), str::to_owned)
}

/// A median and its interval: `61,234 (60,100 to 62,000)`.
pub(super) fn spread(spread: &Spread, write: impl Fn(f64) -> String) -> String {
    match spread.interval {
        Some(Interval { low, high }) => {
            format!("{} ({} to {})", write(spread.median), write(low), write(high))
        }
        None => write(spread.median),
    }
}

/// A quotient, to be followed by what it is a multiple of.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

/// How much of a whole a factor of 1 or more leaves open, such as `3.1 %`.
pub(super) fn percent_above(factor: f64) -> String {
    format!("{:.1} %", 100.0 * (factor - 1.0))
}

/// A whole number, its thousands set apart.
#[expect(clippy::cast_precision_loss, reason = "connections, rates and mebibytes are far below 2^53")]
pub(super) fn whole(number: u64) -> String {
    units::count(number as f64)
}

/// A number with as many decimals as it needs, three at most.
pub(super) fn short(value: f64) -> String {
    if value.abs() >= 1_000.0 {
        return units::count(value);
    }
    let digits = format!("{value:.3}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time at an axis, such as `50 µs`.
pub(super) fn short_duration(nanoseconds: f64) -> String {
    match nanoseconds {
        value if value < 1e3 => format!("{} ns", short(value)),
        value if value < 1e6 => format!("{} µs", short(value / 1e3)),
        value if value < 1e9 => format!("{} ms", short(value / 1e6)),
        value => format!("{} s", short(value / 1e9)),
    }
}

/// Memory at an axis whose values are kibibytes.
pub(super) fn short_kibibytes(kibibytes: f64) -> String {
    if kibibytes < 1e4 {
        format!("{} KiB", short(kibibytes))
    } else {
        format!("{} MiB", short(kibibytes / KIBIBYTE))
    }
}

/// By what a metric's values are divided before they are drawn, so that round numbers are round in the unit that
/// is shown; and how these are written.
pub(super) fn at_axis(metric: Metric) -> (f64, fn(f64) -> String) {
    match metric.unit() {
        "ns" | "ns/message" => (1.0, short_duration),
        "bytes" => (KIBIBYTE * KIBIBYTE, |value| format!("{} MiB", short(value))),
        "bytes/connection" => (KIBIBYTE, short_kibibytes),
        _ => (1.0, short),
    }
}

/// Memory in the unit that suits it.
pub(super) fn bytes(bytes: f64) -> String {
    let kibibytes = bytes / KIBIBYTE;
    if kibibytes < KIBIBYTE {
        format!("{} KiB", units::three_digits(kibibytes))
    } else {
        format!("{} MiB", units::three_digits(kibibytes / KIBIBYTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_written_with_a_unit_that_suits_it() {
        for (metric, value, text) in [
            (Metric::MessagesPerSecond, 61_234.4, "61,234/s"),
            (Metric::CpuPerMessage, 4_104.0, "4.10 µs"),
            (Metric::P99, 1_200_000.0, "1.20 ms"),
            (Metric::MemoryPerConnection, 9_216.0, "9.00 KiB"),
            (Metric::PeakMemory, 5.0 * 1_048_576.0, "5.00 MiB"),
            (Metric::ReplyMegabytesPerSecond, 12.5, "12.5 MB/s"),
            (Metric::Starved, 49.0, "49"),
        ] {
            assert_eq!(with_unit(metric, value), text);
        }
        assert_eq!(plain(Metric::MessagesPerSecond, 61_234.4), "61,234");
        assert_eq!(plain(Metric::ReplyMegabytesPerSecond, 12.5), "12.5 MB/s");
    }

    #[test]
    fn axis_numbers_have_no_more_decimals_than_they_need() {
        assert_eq!(short(0.300_000_000_000_000_04), "0.3");
        assert_eq!(short(0.0), "0");
        assert_eq!(short(20_000.0), "20,000");
        assert_eq!(short_duration(50_000.0), "50 µs");
        assert_eq!(short_duration(1e9), "1 s");
        assert_eq!(short_kibibytes(20.0), "20 KiB");
    }
}
