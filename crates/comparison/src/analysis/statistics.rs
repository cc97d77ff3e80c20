//! Medians and their exact intervals.

use serde::Serialize;

/// Two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower one.
    pub low: f64,
    /// The upper one.
    pub high: f64,
}

impl Interval {
    /// Both bounds, through a function that keeps their order.
    pub(crate) fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Interval { low: function(self.low), high: function(self.high) }
    }
}

/// The middle value, or the mean of the two middle ones; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The narrowest pair of order statistics, equally far from both ends, between which the median of the
/// distribution lies with a probability of at least 95 %, whatever the distribution; `None` with fewer than 6 values,
/// which cannot say.
///
/// The number of values below the median is binomial with p = 1/2, so the interval from the k-th smallest to
/// the k-th largest of n misses it with probability 2·P(B(n, 1/2) < k).
/// Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    const MISSED_AT_MOST: f64 = 0.05;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    // P(B(n, 1/2) = 0), then each further term by its quotient with the one before.
    let mut term = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut below = 0.0;
    let mut rank = 0;
    while rank < count / 2 && 2.0 * (below + term) <= MISSED_AT_MOST {
        below += term;
        rank += 1;
        #[expect(clippy::cast_precision_loss, reason = "rounds are few")]
        {
            term *= (count - rank + 1) as f64 / rank as f64;
        }
    }
    (rank > 0).then(|| Interval { low: sorted[rank - 1], high: sorted[count - rank] })
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small counts"
)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_both_middles() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn intervals_have_the_ranks_that_the_tables_give() {
        // Ranks from the binomial distribution: n = 6: 1 and 6; 9: 2 and 8; 10: 2 and 9; 12: 3 and 10; 20: 6 and 15.
        let ranks = |count: u32| {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            median_interval(&values).map(|interval| (interval.low, interval.high))
        };
        for count in 0..6 {
            assert_eq!(ranks(count), None, "{count} values");
        }
        for (count, low, high) in
            [(6, 1.0, 6.0), (8, 1.0, 8.0), (9, 2.0, 8.0), (10, 2.0, 9.0), (12, 3.0, 10.0), (20, 6.0, 15.0)]
        {
            assert_eq!(ranks(count), Some((low, high)), "{count} values");
        }
    }

    #[test]
    fn intervals_cover_the_median_as_often_as_promised_and_not_much_more() {
        // Exactly, by counting: of n values each falls below the true median or not, with equal chances. All
        // 2^n patterns are tried, and the interval must hold the median in at least 95 % of them; the next
        // narrower one must not.
        for count in 6..=14_u32 {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            let rank = median_interval(&values).unwrap().low as u32;
            let covered = |rank: u32| {
                let held = (0..1_u32 << count)
                    .filter(|pattern| (rank..=count - rank).contains(&pattern.count_ones()));
                held.count() as f64 / f64::from(1_u32 << count)
            };
            assert!(covered(rank) >= 0.95, "{count} values: {}", covered(rank));
            assert!(covered(rank + 1) < 0.95, "{count} values: {} would do", covered(rank + 1));
        }
    }

    #[test]
    fn the_distribution_does_not_matter() {
        // Drawn from a skewed one, exponential with median ln 2; 10 values promise 97.9 %.
        let mut random = fastrand::Rng::with_seed(7);
        let draws = 4_000;
        let covered = (0..draws).filter(|_| {
            let values: Vec<f64> = (0..10).map(|_| -(1.0 - random.f64()).ln()).collect();
            let interval = median_interval(&values).unwrap();
            (interval.low..=interval.high).contains(&std::f64::consts::LN_2)
        });
        let covered = covered.count() as f64 / f64::from(draws);
        assert!((covered - 0.979).abs() < 0.008, "{covered}");
    }
}
