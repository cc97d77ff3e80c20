//! The shift between two samples, whatever their distribution.

use crate::analysis::{Interval, median};

/// The probability that an interval misses on either side.
const MISSED_ON_EACH_SIDE: f64 = 0.025;

/// How far the second sample lies above the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    /// The median of all differences.
    pub(super) estimate: f64,
    /// Where the true shift lies, with a confidence of 95 % or more; `None` if the samples are too small (two
    /// of 4 are enough, two of 3 are not).
    pub(super) interval: Option<Interval>,
}

/// The Hodges–Lehmann estimate of the shift between two independent samples, and Moses' interval, which is exact:
/// the c-th smallest and the c-th largest of all m·n differences, with the largest c for which the
/// Mann–Whitney statistic stays below c with a probability of 2.5 % at most. `None` without values.
///
/// Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., sections 4.2 and 4.3.
pub(super) fn shift(before: &[f64], after: &[f64]) -> Option<Shift> {
    let mut differences: Vec<f64> =
        after.iter().flat_map(|after| before.iter().map(move |before| after - before)).collect();
    differences.sort_by(f64::total_cmp);
    let estimate = median(&differences)?;
    let mut below = 0.0;
    let probabilities = mann_whitney(before.len(), after.len());
    let ranks = probabilities.iter().take_while(|probability| {
        below += **probability;
        below <= MISSED_ON_EACH_SIDE
    });
    let interval = ranks
        .count()
        .checked_sub(1)
        .map(|rank| Interval { low: differences[rank], high: differences[differences.len() - 1 - rank] });
    Some(Shift { estimate, interval })
}

/// The probability of each value, from 0 to m·n, of the Mann–Whitney statistic of two samples of the same
/// distribution: the largest of all m + n values is in the first sample with probability m/(m + n), and then lies
/// above all n of the second.
///
/// Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947), equation 4, divided by the number of
/// arrangements.
#[expect(clippy::cast_precision_loss, reason = "samples are small")]
fn mann_whitney(first: usize, second: usize) -> Vec<f64> {
    // For each size up to `second`; the first sample grows with the loop.
    let mut by_second = vec![vec![1.0]; second + 1];
    for m in 1..=first {
        let mut row: Vec<Vec<f64>> = vec![vec![1.0]];
        for n in 1..=second {
            let share = m as f64 / (m + n) as f64;
            let mut probabilities = vec![0.0; m * n + 1];
            for (value, probability) in by_second[n].iter().enumerate() {
                probabilities[value + n] += share * probability;
            }
            for (value, probability) in row[n - 1].iter().enumerate() {
                probabilities[value] += (1.0 - share) * probability;
            }
            row.push(probabilities);
        }
        by_second = row;
    }
    by_second.swap_remove(second)
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small counts")]
mod tests {
    use super::*;

    /// All ways to choose the first sample's `first` ranks among `first + second`.
    fn arrangements(first: u32, second: u32) -> impl Iterator<Item = (Vec<f64>, Vec<f64>)> {
        let all = first + second;
        (0..1_u32 << all).filter(move |pattern| pattern.count_ones() == first).map(move |pattern| {
            let (one, other): (Vec<u32>, Vec<u32>) = (0..all).partition(|rank| pattern & (1 << rank) != 0);
            let values = |ranks: Vec<u32>| ranks.into_iter().map(f64::from).collect();
            (values(one), values(other))
        })
    }

    #[test]
    fn probabilities_are_those_of_counting_all_arrangements() {
        for (first, second) in [(1, 1), (2, 3), (4, 4), (3, 6), (6, 6)] {
            let mut counts = vec![0_u32; (first * second) as usize + 1];
            for (one, other) in arrangements(first, second) {
                let above = one.iter().flat_map(|one| other.iter().filter(move |other| one > other)).count();
                counts[above] += 1;
            }
            let all: u32 = counts.iter().sum();
            let probabilities = mann_whitney(first as usize, second as usize);
            assert_eq!(probabilities.len(), counts.len());
            for (probability, count) in probabilities.iter().zip(counts) {
                assert!((probability - f64::from(count) / f64::from(all)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn samples_without_a_shift_are_covered_as_often_as_promised_and_not_much_more() {
        for (first, second) in [(4, 4), (5, 7), (6, 6), (8, 8)] {
            let mut covered = [0, 0];
            let mut all = 0;
            for (one, other) in arrangements(first, second) {
                let interval = shift(&one, &other).unwrap().interval.unwrap();
                covered[0] += u32::from(interval.low <= 0.0 && 0.0 <= interval.high);
                all += 1;
            }
            covered[1] = all;
            let share = f64::from(covered[0]) / f64::from(covered[1]);
            assert!((0.95..0.98).contains(&share), "{first} and {second}: {share}");
        }
    }

    #[test]
    fn a_shift_is_found_and_stays_within_its_interval() {
        let before: Vec<f64> = (0..10).map(|value| f64::from(value) * 0.01).collect();
        let after: Vec<f64> = before.iter().map(|value| value + 0.5).collect();
        let shift = shift(&before, &after).unwrap();
        let interval = shift.interval.unwrap();
        assert!((shift.estimate - 0.5).abs() < 1e-12);
        assert!(interval.low > 0.45 && interval.high < 0.55, "{interval:?}");
    }

    #[test]
    fn small_samples_have_no_interval_and_empty_ones_nothing() {
        assert_eq!(shift(&[0.0, 1.0, 2.0], &[3.0, 4.0, 5.0]).unwrap().interval, None);
        assert!(shift(&[0.0, 1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0]).unwrap().interval.is_some());
        assert_eq!(shift(&[], &[1.0]), None);
    }

    #[test]
    fn critical_values_match_published_tables() {
        // Two-sided 5 %: the statistic must be at most 2 for samples of 5, 23 for samples of 10 and 127 for
        // samples of 20 (tables in the book named above and elsewhere).
        for (count, critical) in [(5, 2), (10, 23), (20, 127)] {
            let probabilities = mann_whitney(count, count);
            let below = |value: usize| probabilities[..=value].iter().sum::<f64>();
            assert!(below(critical) <= 0.025 && below(critical + 1) > 0.025, "{count}");
            let values: Vec<f64> = (0..count).map(|value| value as f64).collect();
            assert!(shift(&values, &values).unwrap().interval.is_some());
        }
    }
}
