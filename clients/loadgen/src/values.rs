//! The values of options: parsed, and refused under the option's name if they are out of bounds.
//!
//! A value that is taken works as it was given. What would have to be rounded, cut off or ignored is refused.

use std::time::{Duration, SystemTime};

use crate::start_at;

/// A whole number within bounds.
pub(crate) fn number(
    least: usize,
    most: usize,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("it must be a whole number from {least} to {most}"))
    }
}

/// A time of whole milliseconds, within bounds, such as `500ms`.
pub(crate) fn milliseconds(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<u64, String> + Clone + Send + Sync + 'static {
    move |text| {
        let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
        let number = u64::try_from(time.as_millis()).ok().filter(|number| (least..=most).contains(number));
        match number {
            Some(number) if time == Duration::from_millis(number) => Ok(number),
            _ => {
                let [least, most] = [least, most].map(|bound| shown(Duration::from_millis(bound)));
                Err(format!("it must be {least} to {most}, in whole milliseconds"))
            }
        }
    }
}

/// The shortest form, such as `1h`.
fn shown(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// A time of day, by the rules of `--start-at`.
pub(crate) fn start_time(text: &str) -> Result<SystemTime, String> {
    let start = humantime::parse_rfc3339(text)
        .map_err(|error| format!("{error}; write it in UTC, like 2026-11-23T12:00:00Z"))?;
    start_at::check(start, SystemTime::now())?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_bounds_is_refused_with_the_bounds() {
        let parse = number(1, 64);
        assert_eq!((parse("1"), parse("64")), (Ok(1), Ok(64)));
        for wrong in ["0", "65", "-1", "0.5", "1e3", "", "99999999999999999999"] {
            assert_eq!(parse(wrong).unwrap_err(), "it must be a whole number from 1 to 64", "{wrong}");
        }
    }

    #[test]
    fn a_time_is_taken_exactly_or_refused() {
        let parse = milliseconds(1, 3_600_000);
        assert_eq!((parse("1ms"), parse("1s 5ms"), parse("1h")), (Ok(1), Ok(1_005), Ok(3_600_000)));
        for wrong in ["0s", "999us", "900us", "1500us", "1ms 1ns", "2h", "1h 1ms", "1000000000000y"] {
            assert!(parse(wrong).is_err(), "{wrong}: {:?}", parse(wrong));
        }
        assert_eq!(parse("900us").unwrap_err(), "it must be 1ms to 1h, in whole milliseconds");
        assert_eq!(milliseconds(0, 60_000)("1us").unwrap_err(), "it must be 0s to 1m, in whole milliseconds");
        for malformed in ["", "1", "-1s", "s", "1 fortnight"] {
            assert!(parse(malformed).is_err(), "{malformed}");
        }
    }
}
