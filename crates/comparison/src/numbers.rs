//! Figures as they are written in charts, tables and sentences.

use crate::analysis::{Interval, Metric, Spread};
use text::units;

/// A metric's value with its unit.
pub(crate) fn with_unit(metric: Metric, value: f64) -> String {
    match metric.unit() {
        "ns" | "ns/message" => units::duration(value),
        "messages/s" | "connections/s" => format!("{}/s", units::count(value)),
        "MB/s" => format!("{} MB/s", units::short(value)),
        "bytes" | "bytes/connection" => units::bytes(value),
        "threads" | "clients" => units::count(value),
        _ => units::short(value),
    }
}

/// The same without `/s`, which the column or the axis has.
pub(crate) fn plain(metric: Metric, value: f64) -> String {
    let text = with_unit(metric, value);
    text.strip_suffix("/s")
        .filter(|rest| rest.chars().all(|letter| letter.is_ascii_digit() || letter == ','))
        .map_or_else(|| text.clone(), str::to_owned)
}

/// A median and its interval: `61,234 (60,100 to 62,000)`.
pub(crate) fn spread(spread: &Spread, write: impl Fn(f64) -> String) -> String {
    match spread.interval {
        Some(Interval { low, high }) => {
            format!("{} ({} to {})", write(spread.center), write(low), write(high))
        }
        None => write(spread.center),
    }
}

/// A ratio, to be followed by the name of its divisor.
pub(crate) fn times(ratio: f64) -> String {
    match ratio {
        ..10.0 => format!("{ratio:.2}"),
        ..1000.0 => format!("{ratio:.1}"),
        _ => units::count(ratio),
    }
}

/// With two digits other than zero, for what is known no better.
pub(crate) fn rounded(value: f64) -> String {
    let digits = 10.0_f64.powf(value.abs().max(1.0).log10().floor() - 1.0).max(1.0);
    units::count((value / digits).round() * digits)
}

/// By how much a factor of 1 or more exceeds 1, such as `3.1 %`.
pub(crate) fn percent_above(factor: f64) -> String {
    format!("{:.1} %", 100.0 * (factor - 1.0))
}

/// The divisor for drawing a metric's values, so that ticks are round in the unit that is shown; and the format of the
/// ticks.
pub(crate) fn at_axis(metric: Metric) -> (f64, fn(f64) -> String) {
    match metric.unit() {
        "ns" | "ns/message" => (1.0, units::short_duration),
        "bytes" => (1024.0 * 1024.0, units::short_mebibytes),
        "bytes/connection" => (1024.0, units::short_kibibytes),
        _ => (1.0, units::short),
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
        assert_eq!([27_531_841.0, 76_432.0, 99.6, 3.2].map(rounded), ["28,000,000", "76,000", "100", "3"]);
        assert_eq!(plain(Metric::MessagesPerSecond, 61_234.4), "61,234");
        assert_eq!(plain(Metric::ReplyMegabytesPerSecond, 12.5), "12.5 MB/s");
    }
}
