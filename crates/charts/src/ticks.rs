//! The ticks of an axis: how their numbers are written, and how many fit.

use super::scale::Domain;
use super::words::{LETTER, width_of};

/// A tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its value.
    pub at: f64,
    /// Its text.
    pub label: String,
}

impl Domain {
    /// At most `most` (at least two) round values within, each written by `format`.
    pub fn labelled(&self, most: usize, format: impl Fn(f64) -> String) -> Vec<Tick> {
        self.ticks(most).into_iter().map(|at| Tick { at, label: format(at) }).collect()
    }

    /// The same on a time axis: in seconds, all with as many decimals as the step between them needs.
    pub fn labelled_in_seconds(&self, most: usize) -> Vec<Tick> {
        let step = match self.ticks(most)[..] {
            [first, second, ..] => second - first,
            _ => 1.0,
        };
        let decimals = decimals_of(step);
        self.labelled(most, |at| format!("{at:.decimals$} s"))
    }
}

/// The number of decimals that a step needs; clocks have a resolution of nanoseconds.
fn decimals_of(step: f64) -> usize {
    let mut scaled = step;
    let mut decimals = 0;
    while decimals < 9 && (scaled - scaled.round()).abs() > 1e-6 {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

/// As many ticks as fit on an axis of this length, and no more than `most`.
pub(super) fn fitting(
    domain: Domain,
    most: usize,
    length: f64,
    labelled: impl Fn(usize) -> Vec<Tick>,
) -> Vec<Tick> {
    let fits = |ticks: &Vec<Tick>| {
        ticks.windows(2).all(|pair| {
            let room =
                domain.share(pair[1].at).zip(domain.share(pair[0].at)).map(|(to, from)| (to - from) * length);
            let needed = f64::midpoint(width_of(&pair[0].label), width_of(&pair[1].label)) + LETTER;
            room.is_some_and(|room| room >= needed)
        })
    };
    (2..=most).rev().map(labelled).find(fits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn labels(milliseconds: u64, most: usize) -> Vec<String> {
        let ticks = Domain::until(Duration::from_millis(milliseconds)).labelled_in_seconds(most);
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn seconds_are_round_numbers_with_no_more_decimals_than_they_need() {
        assert_eq!(labels(6600, 8), ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"]);
        assert_eq!(labels(6600, 4), ["0 s", "2 s", "4 s", "6 s"]);
        assert_eq!(labels(660, 5), ["0.0 s", "0.2 s", "0.4 s", "0.6 s"]);
        assert_eq!(labels(100, 2), ["0.0 s", "0.1 s"]);
        assert_eq!(labels(45_000, 6), ["0 s", "10 s", "20 s", "30 s", "40 s"]);
        assert_eq!(labels(2, 3), ["0.000 s", "0.001 s", "0.002 s"]);
    }

    #[test]
    fn there_are_never_more_seconds_than_fit() {
        for end in [0, 1, 7, 999, 1_000_000, u64::MAX] {
            for most in 0..30 {
                let ticks = Domain::until(Duration::from_nanos(end)).labelled_in_seconds(most);
                assert!((1..=most.max(2)).contains(&ticks.len()), "{end} ns, {most}: {ticks:?}");
            }
        }
    }

    #[test]
    fn an_axis_too_short_for_its_labels_has_fewer_of_them() {
        let domain = Domain::until(Duration::from_secs(10));
        let ticks = |length| fitting(domain, 12, length, |most| domain.labelled_in_seconds(most)).len();
        assert_eq!(ticks(700.0), 11);
        assert_eq!(ticks(200.0), 6);
        assert_eq!(ticks(10.0), 0);
    }
}
