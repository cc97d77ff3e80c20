//! The shift between two runs: how far the mean of one sample lies above that of another.

use crate::analysis::{Interval, Mean};

/// How far the second sample lies above the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift(Mean);

impl Shift {
    /// Between two independent samples of normal distributions, which may scatter differently: Welch's method. `None` if
    /// one of them has fewer than two values.
    ///
    /// Source: B. L. Welch, Biometrika 34 (1947), 28-35. Its degrees of freedom are rounded down, which widens the
    /// interval.
    pub(super) fn between(before: &[f64], after: &[f64]) -> Option<Self> {
        let (before, after) = (Mean::of(before)?, Mean::of(after)?);
        let [one, other] = [before, after].map(|mean| mean.error.powi(2));
        let parts = one.powi(2) / f64::from(before.freedom) + other.powi(2) / f64::from(after.freedom);
        let most = before.freedom + after.freedom;
        // Without any scatter there is nothing to weigh.
        let freedom = if parts > 0.0 { ((one + other).powi(2) / parts).floor() } else { f64::from(most) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between the smaller of both and their sum"
        )]
        let freedom = (freedom as u32).clamp(before.freedom.min(after.freedom), most);
        Some(Shift(Mean { value: after.value - before.value, error: (one + other).sqrt(), freedom }))
    }

    /// The estimate.
    pub(super) const fn estimate(&self) -> f64 {
        self.0.value
    }

    /// Where the true shift lies, with a confidence of 95 %.
    pub(super) fn interval(&self) -> Interval {
        self.0.interval()
    }

    /// The probability of such a shift if there is none.
    pub(super) fn p(&self) -> f64 {
        self.0.p_of_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_what_can_be_worked_out_by_hand() {
        // Means 3 and 6, variances 2.5 and 10, five values each: an error of sqrt(2.5), and
        // (0.5 + 2)² / (0.5² / 4 + 2² / 4) = 5.88 degrees of freedom, rounded down to 5, whose t is 2.571.
        let shift = Shift::between(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 10.0]).unwrap();
        let Interval { low, high } = shift.interval();
        assert!((shift.estimate() - 3.0).abs() < 1e-12);
        assert!((low - (3.0 - 2.571 * 2.5_f64.sqrt())).abs() < 1e-3, "{low}");
        assert!((high - (3.0 + 2.571 * 2.5_f64.sqrt())).abs() < 1e-3, "{high}");
        // t is 1.897, between the tables' 1.476 for 20 % and 2.015 for 10 %.
        assert!((0.10..0.20).contains(&shift.p()), "{}", shift.p());
    }

    #[test]
    fn samples_without_a_shift_are_covered_as_often_as_promised_although_one_scatters_more() {
        let mut random = fastrand::Rng::with_seed(17);
        let mut sample = |count, width: f64| -> Vec<f64> {
            // The sum of twelve is nearly normal.
            let one = |_| width * ((0..12).map(|_| random.f64()).sum::<f64>() - 6.0);
            (0..count).map(one).collect()
        };
        for (first, second) in [(6, 6), (6, 15), (12, 12)] {
            let draws = 4_000;
            let covered = (0..draws).filter(|_| {
                let shift = Shift::between(&sample(first, 0.01), &sample(second, 0.03)).unwrap();
                (shift.interval().low..=shift.interval().high).contains(&0.0)
            });
            let covered = covered.count();
            assert!((94 * draws..98 * draws).contains(&(100 * covered)), "{first}, {second}: {covered}");
        }
    }

    #[test]
    fn samples_without_a_scatter_are_certain_and_single_values_say_nothing() {
        let shift = Shift::between(&[0.0; 6], &[0.5; 6]).unwrap();
        assert_eq!((shift.interval(), shift.p()), (Interval { low: 0.5, high: 0.5 }, 0.0));
        assert_eq!(Shift::between(&[0.0], &[1.0, 2.0]), None);
    }
}
