//! Student's t distribution, and what it says about the mean of a few values.

use super::statistics::Interval;

/// The probability with which a 95 % interval misses.
pub(super) const MISSED: f64 = 0.05;

/// One in so many values is left out of a mean at either end.
const TRIMMED: usize = 5;
/// Of fewer values none is left out: too little would be left for an interval that holds what it promises.
const FEWEST_TRIMMED: usize = 15;

/// The mean of independent values; of 15 and more, without the fifth that is lowest and the fifth that is highest: a
/// machine that others use as well disturbs a few rounds by ten times what the others scatter, and a plain mean would show
/// little else.
///
/// The standard error counts each value that is left out as the nearest one that is not. Source: J. W. Tukey and
/// D. H. `McLaughlin`, Sankhya A 25 (1963); K. K. Yuen, Biometrika 61 (1974).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    /// The estimate.
    pub(crate) value: f64,
    /// Its standard error.
    pub(crate) error: f64,
    /// One less than the values that are not left out.
    pub(crate) freedom: u32,
}

impl Mean {
    /// Of these values; `None` with fewer than two.
    #[expect(clippy::cast_precision_loss, reason = "rounds are few")]
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let cut = if sorted.len() < FEWEST_TRIMMED { 0 } else { sorted.len() / TRIMMED };
        let kept = sorted.get(cut..sorted.len() - cut)?;
        let (Some(&lowest), Some(&highest)) = (kept.first(), kept.last()) else { return None };
        let freedom = u32::try_from(kept.len() - 1).ok().filter(|freedom| *freedom > 0)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let value = mean(kept);
        let pulled_in: Vec<f64> = sorted.iter().map(|one| one.clamp(lowest, highest)).collect();
        let middle = mean(&pulled_in);
        let squares: f64 = pulled_in.iter().map(|one| (one - middle).powi(2)).sum();
        Some(Mean { value, error: (squares / f64::from(freedom) / kept.len() as f64).sqrt(), freedom })
    }

    /// Where the true mean lies, with a confidence of 95 %.
    pub(crate) fn interval(&self) -> Interval {
        let half = self.half_width(MISSED);
        Interval { low: self.value - half, high: self.value + half }
    }

    /// Half the width of the interval that misses with this probability.
    pub(super) fn half_width(&self, missed: f64) -> f64 {
        quantile(missed, self.freedom) * self.error
    }

    /// The probability of an estimate at least as far from zero if the true mean is zero.
    pub(crate) fn p_of_zero(&self) -> f64 {
        match (self.value == 0.0, self.error > 0.0) {
            (true, _) => 1.0,
            (false, false) => 0.0,
            (false, true) => outside(self.value / self.error, self.freedom),
        }
    }
}

/// The probability that a t with these degrees of freedom is farther from zero than `t`, on either side.
///
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4: a finite sum for whole degrees
/// of freedom.
fn outside(t: f64, freedom: u32) -> f64 {
    let angle = (t.abs() / f64::from(freedom).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    // The powers of the cosine are 1, 3, … or 0, 2, … up to two less than the degrees of freedom.
    let is_odd = freedom % 2 == 1;
    let (mut power, mut term, mut sum) = if is_odd { (1, cosine, 0.0) } else { (0, 1.0, 0.0) };
    while power + 2 <= freedom {
        sum += term;
        term *= cosine * cosine * f64::from(power + 1) / f64::from(power + 2);
        power += 2;
    }
    let inside = if is_odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum };
    (1.0 - inside).clamp(0.0, 1.0)
}

/// The t that lies outside with this probability: found by halving, between none and one that no table shows.
pub(super) fn quantile(outside_with: f64, freedom: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1e9);
    // 64 halvings leave less than 1e-9.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if outside(middle, freedom) > outside_with {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_published_tables() {
        // Abramowitz and Stegun, table 26.10, and the NIST Handbook, 1.3.6.7.2.
        for (freedom, missed, t) in [
            (1, 0.05, 12.706),
            (2, 0.05, 4.303),
            (3, 0.05, 3.182),
            (4, 0.01, 4.604),
            (5, 0.05, 2.571),
            (9, 0.05, 2.262),
            (11, 0.01, 3.106),
            (14, 0.001, 4.140),
            (19, 0.05, 2.093),
            (30, 0.002, 3.385),
        ] {
            let found = quantile(missed, freedom);
            assert!((found - t).abs() < 6e-4, "{freedom} degrees, {missed}: {found}, not {t}");
        }
    }

    #[test]
    fn the_interval_of_a_mean_is_what_can_be_worked_out_by_hand() {
        // Mean 3, standard deviation sqrt(10 / 4), so an error of sqrt(0.5); t with 4 degrees is 2.776.
        let mean = Mean::of(&[5.0, 2.0, 3.0, 4.0, 1.0]).unwrap();
        let Interval { low, high } = mean.interval();
        assert!((low - (3.0 - 2.776 * 0.5_f64.sqrt())).abs() < 1e-3, "{low}");
        assert!((high - (3.0 + 2.776 * 0.5_f64.sqrt())).abs() < 1e-3, "{high}");
        // 3 / sqrt(0.5) = 4.243, between the quantiles of 2 % (3.747) and 1 % (4.604).
        assert!((0.01..0.02).contains(&mean.p_of_zero()), "{}", mean.p_of_zero());
    }

    #[test]
    fn the_fifth_at_either_end_of_many_values_is_left_out_and_pulled_in_for_the_error() {
        let mean =
            Mean::of(&[9.0, -90.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 1.0, -1.0, 10.0, 11.0, 900.0, 99.0]);
        // 2 to 10 are kept; three values count as 2 and three as 10. Squares: 2 x (4 x 16 + 9 + 4 + 1) = 156.
        let mean = mean.unwrap();
        assert!((mean.value - 6.0).abs() < 1e-12 && mean.freedom == 8, "{mean:?}");
        assert!((mean.error - (156.0_f64 / 8.0 / 9.0).sqrt()).abs() < 1e-12, "{mean:?}");
    }

    #[test]
    fn values_without_a_spread_are_certain() {
        assert_eq!(Mean::of(&[1.0]), None);
        assert!(Mean::of(&[0.0; 6]).unwrap().p_of_zero() >= 1.0);
        assert!(Mean::of(&[1.0; 6]).unwrap().p_of_zero() <= 0.0);
    }
}
