//! Numbers for a reader: three digits that matter, and the unit beside them.

/// Nanoseconds in the unit that suits them.
pub(crate) fn duration(nanoseconds: f64) -> String {
    // From where rounding would show a fourth digit, the next unit takes over.
    match nanoseconds {
        ..999.5 => format!("{nanoseconds:.0} ns"),
        ..999_500.0 => format!("{} µs", three_digits(nanoseconds / 1e3)),
        ..999_500_000.0 => format!("{} ms", three_digits(nanoseconds / 1e6)),
        _ => format!("{} s", three_digits(nanoseconds / 1e9)),
    }
}

/// At most two decimals, and none that a fourth digit would stand for; thousands are set apart.
pub(crate) fn three_digits(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => count(value),
    }
}

/// A factor as a change in percent with its sign, such as `+12.3 %`.
pub(crate) fn change(factor: f64) -> String {
    format!("{:+.1} %", 100.0 * (factor - 1.0))
}

/// Bytes in the unit that suits them.
pub(crate) fn bytes(bytes: f64) -> String {
    match bytes {
        ..999.5 => format!("{bytes:.0} B"),
        ..1_023_000.0 => format!("{} KiB", three_digits(bytes / 1024.0)),
        _ => format!("{} MiB", three_digits(bytes / f64::from(1 << 20))),
    }
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
    fn bytes_have_the_unit_that_suits_them() {
        for (value, text) in
            [(0.0, "0 B"), (34.4, "34 B"), (999.0, "999 B"), (2_048.0, "2.00 KiB"), (9_437_184.0, "9.00 MiB")]
        {
            assert_eq!(bytes(value), text);
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
    fn three_digits_matter() {
        for (value, text) in [(0.314, "0.31"), (7.52, "7.52"), (45.24, "45.2"), (44_100.4, "44,100")] {
            assert_eq!(three_digits(value), text);
        }
    }

    #[test]
    fn a_change_has_a_sign() {
        assert_eq!((change(1.1234), change(0.9)), ("+12.3 %".to_owned(), "-10.0 %".to_owned()));
    }
}
