//! Numbers for a reader: three digits that matter, and the unit beside them.

/// Nanoseconds in the unit that suits them.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn duration(nanoseconds: u64) -> String {
    let value = nanoseconds as f64;
    // From where rounding would show a fourth digit, the next unit takes over.
    match nanoseconds {
        ..1_000 => format!("{nanoseconds} ns"),
        1_000..999_500 => format!("{} µs", three_digits(value / 1e3)),
        999_500..999_500_000 => format!("{} ms", three_digits(value / 1e6)),
        999_500_000.. => format!("{} s", three_digits(value / 1e9)),
    }
}

fn three_digits(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Nanoseconds in microseconds, all alike, to be compared down a column.
pub(crate) fn microseconds(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1e3)
}

/// Nanoseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
pub(crate) fn seconds(nanoseconds: u64) -> String {
    format!("{:.2} s", nanoseconds as f64 / 1e9)
}

/// Bytes in mebibytes.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// A number without decimals, its thousands set apart.
pub(crate) fn count(value: f64) -> String {
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
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (308_991, "309 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (44_100_000, "44.1 ms"),
            (999_600_000, "1.00 s"),
            (6_612_000_000, "6.61 s"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn counts_have_their_thousands_set_apart() {
        for (value, text) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (161_871.6, "161,872")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(count(1_234_567.0), "1,234,567");
    }

    #[test]
    fn memory_and_costs_keep_one_unit_down_the_column() {
        assert_eq!(mebibytes(5 << 20), "5.0");
        assert_eq!(microseconds(6_021.4), "6.02");
        assert_eq!(seconds(2_204_000_000), "2.20 s");
    }
}
