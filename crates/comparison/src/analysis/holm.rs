//! The correction for the number of comparisons.

/// Holm's adjusted p-values, in the order of the given ones: if each comparison whose adjusted value is below 5 % is
/// claimed, then at least one of them is wrong with a probability of 5 % at most, however the comparisons depend on each
/// other.
///
/// The smallest of m values counts m times, the next m - 1 times, and so on; none counts less than a smaller one.
///
/// Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.
pub(crate) fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&one, &other| values[one].total_cmp(&values[other]));
    let mut adjusted = vec![1.0; values.len()];
    let mut largest: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "comparisons are few")]
        let times = (values.len() - rank) as f64;
        largest = largest.max(times * values[place]).min(1.0);
        adjusted[place] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adjusted_values_are_those_worked_out_by_hand() {
        // Sorted: 0.005, 0.01, 0.03, 0.04, times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04; the last is not below the third.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
    }

    #[test]
    fn one_comparison_needs_no_correction_and_none_is_above_one() {
        assert_eq!(holm(&[0.04]), [0.04]);
        assert_eq!(holm(&[0.7, 0.9]), [1.0, 1.0]);
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }
}
