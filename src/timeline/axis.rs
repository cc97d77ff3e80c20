//! The time axis that all lanes share.

use std::time::Duration;

/// A place on the axis that is worth a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) at: Duration,
    pub(super) label: String,
}

/// At most `most` (at least two) ticks from zero to `end`, at multiples of 1, 2 or 5 of a power of ten.
pub(super) fn ticks(end: Duration, most: usize) -> Vec<Tick> {
    let gaps = u128::try_from(most.max(2) - 1).unwrap_or(1);
    let end = end.as_nanos();
    let mut power = 1;
    // Ends: the power outgrows the range after at most 39 rounds, sooner than it overflows.
    let step = loop {
        let fits = [1, 2, 5].map(|digit| digit * power).into_iter().find(|step| end / step <= gaps);
        match fits {
            Some(step) => break step,
            None => power *= 10,
        }
    };
    (0..=end / step).map(|number| tick(number * step, step)).collect()
}

/// A tick at so many nanoseconds, with as many decimals as the step between ticks calls for.
fn tick(nanoseconds: u128, step: u128) -> Tick {
    let at = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
    let decimals = (0_u32..9).find(|&decimals| step.is_multiple_of(10_u128.pow(9 - decimals))).unwrap_or(9);
    let decimals = usize::try_from(decimals).unwrap_or(9);
    Tick { at, label: format!("{:.decimals$} s", at.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(milliseconds: u64, most: usize) -> Vec<String> {
        ticks(Duration::from_millis(milliseconds), most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_no_more_decimals_than_they_need() {
        assert_eq!(labels(6600, 8), ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"]);
        assert_eq!(labels(6600, 4), ["0 s", "2 s", "4 s", "6 s"]);
        assert_eq!(labels(660, 5), ["0.0 s", "0.2 s", "0.4 s", "0.6 s"]);
        assert_eq!(labels(100, 2), ["0.0 s", "0.1 s"]);
        assert_eq!(labels(45_000, 6), ["0 s", "10 s", "20 s", "30 s", "40 s"]);
    }

    #[test]
    fn there_are_never_more_ticks_than_fit() {
        for end in [0, 1, 7, 999, 1_000_000, u64::MAX] {
            for most in 0..30 {
                let ticks = ticks(Duration::from_nanos(end), most);
                assert!((1..=most.max(2)).contains(&ticks.len()), "{end} ns, {most}: {ticks:?}");
            }
        }
    }
}
