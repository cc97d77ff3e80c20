//! Figures for readers: three significant digits and a unit.
//!
//! Sentences, tables and cards use [`duration`], [`bytes`] and [`count`]. Axes of charts use the `short` forms,
//! which have no more decimals than they need.

use std::time::Duration;

const KIBIBYTE: f64 = 1024.0;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Nanoseconds in a suitable unit.
pub fn duration(nanoseconds: f64) -> String {
    // The next unit begins where rounding would produce a fourth digit.
    match nanoseconds {
        ..999.5 => format!("{nanoseconds:.0} ns"),
        ..999_500.0 => format!("{} µs", three_digits(nanoseconds / 1e3)),
        ..999_500_000.0 => format!("{} ms", three_digits(nanoseconds / 1e6)),
        _ => format!("{} s", three_digits(nanoseconds / 1e9)),
    }
}

/// Three significant digits, at most two decimals, and thousands separators.
pub fn three_digits(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => count(value),
    }
}

/// A factor as a change in percent with its sign, such as `+12.3 %`.
pub fn change(factor: f64) -> String {
    format!("{:+.1} %", 100.0 * (factor - 1.0))
}

/// Bytes in a suitable unit.
pub fn bytes(bytes: f64) -> String {
    match bytes {
        ..999.5 => format!("{bytes:.0} B"),
        ..1_023_000.0 => format!("{} KiB", three_digits(bytes / KIBIBYTE)),
        _ => format!("{} MiB", three_digits(bytes / MEBIBYTE)),
    }
}

/// The same for a whole number of bytes.
#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
pub fn whole_bytes(bytes: u64) -> String {
    self::bytes(bytes as f64)
}

/// A difference in bytes with its sign, such as `+2.00 KiB` or `−34 B`.
pub fn signed_bytes(difference: f64) -> String {
    let sign = if difference < 0.0 { "−" } else { "+" };
    format!("{sign}{}", bytes(difference.abs()))
}

/// Nanoseconds as microseconds with one decimal and without a unit, for rows that name the unit once.
#[expect(clippy::cast_precision_loss, reason = "microseconds for display, not for computation")]
pub fn microseconds(nanoseconds: u64) -> String {
    format!("{:.1}", nanoseconds as f64 / 1e3)
}

/// A remaining time, in whole seconds, rounded up: `99 s`, `1 min 40 s`.
pub fn time_left(time: Duration) -> String {
    let seconds = time.as_secs() + 1;
    if seconds < 100 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

/// A number with as many decimals as it needs, three at most.
pub fn short(value: f64) -> String {
    if value.abs() >= 1_000.0 {
        return count(value);
    }
    let digits = format!("{value:.3}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Nanoseconds at an axis, such as `50 µs`.
pub fn short_duration(nanoseconds: f64) -> String {
    match nanoseconds {
        value if value < 1e3 => format!("{} ns", short(value)),
        value if value < 1e6 => format!("{} µs", short(value / 1e3)),
        value if value < 1e9 => format!("{} ms", short(value / 1e6)),
        value => format!("{} s", short(value / 1e9)),
    }
}

/// Memory at an axis whose values are kibibytes, so that ticks are round numbers.
pub fn short_kibibytes(kibibytes: f64) -> String {
    if kibibytes < 1e4 {
        format!("{} KiB", short(kibibytes))
    } else {
        format!("{} MiB", short(kibibytes / KIBIBYTE))
    }
}

/// Memory at an axis whose values are mebibytes.
pub fn short_mebibytes(mebibytes: f64) -> String {
    format!("{} MiB", short(mebibytes))
}

/// A whole number with thousands separators.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn whole(number: u64) -> String {
    count(number as f64)
}

/// A number without decimals, with thousands separators.
pub fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_in_every_unit() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (999.0, "999 ns"),
            (1_000.0, "1.00 µs"),
            (9_994.0, "9.99 µs"),
            (9_996.0, "10.0 µs"),
            (308_991.0, "309 µs"),
            (999_499.0, "999 µs"),
            (999_500.0, "1.00 ms"),
            (44_100_000.0, "44.1 ms"),
            (999_600_000.0, "1.00 s"),
            (6_612_000_000.0, "6.61 s"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn bytes_have_a_suitable_unit() {
        for (value, text) in
            [(0.0, "0 B"), (34.4, "34 B"), (999.0, "999 B"), (2_048.0, "2.00 KiB"), (9_437_184.0, "9.00 MiB")]
        {
            assert_eq!(bytes(value), text);
        }
    }

    #[test]
    fn counts_have_thousands_separators() {
        for (value, text) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (161_871.6, "161,872")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(count(1_234_567.0), "1,234,567");
    }

    #[test]
    fn a_difference_has_a_sign() {
        assert_eq!(signed_bytes(-2_048.0), "−2.00 KiB");
        assert_eq!(signed_bytes(34.0), "+34 B");
        assert_eq!(whole_bytes(131_072), "128 KiB");
    }

    #[test]
    fn axis_numbers_have_no_more_decimals_than_they_need() {
        assert_eq!(short(0.300_000_000_000_000_04), "0.3");
        assert_eq!(short(0.0), "0");
        assert_eq!(short(20_000.0), "20,000");
        assert_eq!(short_duration(50_000.0), "50 µs");
        assert_eq!(short_duration(1e9), "1 s");
        assert_eq!(short_kibibytes(20.0), "20 KiB");
        assert_eq!(short_kibibytes(20_480.0), "20 MiB");
        assert_eq!(short_mebibytes(0.5), "0.5 MiB");
    }

    #[test]
    fn a_remaining_time_is_in_seconds_and_then_in_minutes() {
        let told = |ms| time_left(Duration::from_millis(ms));
        assert_eq!(
            [told(0), told(98_999), told(99_000), told(239_000)],
            ["1 s", "99 s", "1 min 40 s", "4 min 00 s"]
        );
    }

    #[test]
    fn figures_have_three_significant_digits() {
        for (value, text) in [(0.314, "0.31"), (7.52, "7.52"), (45.24, "45.2"), (44_100.4, "44,100")] {
            assert_eq!(three_digits(value), text);
        }
    }

    #[test]
    fn a_change_has_a_sign() {
        assert_eq!((change(1.1234), change(0.9)), ("+12.3 %".to_owned(), "-10.0 %".to_owned()));
    }
}
