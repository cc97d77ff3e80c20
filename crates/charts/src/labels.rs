//! Places labels without overlap.

/// Moves places on a line from `low` to `high` as little as possible so that they are `gap` apart, in their order. If
/// they do not all fit, they are spread evenly.
pub(super) fn spread(places: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let count = places.len();
    if count == 0 {
        return Vec::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few labels")]
    let gap = if count > 1 { gap.min((high - low) / (count - 1) as f64) } else { gap };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&one, &other| places[one].total_cmp(&places[other]));
    let mut moved = places.to_vec();
    let mut least = low;
    for &index in &order {
        moved[index] = moved[index].max(least);
        least = moved[index] + gap;
    }
    let mut most = high;
    for &index in order.iter().rev() {
        moved[index] = moved[index].min(most);
        most = moved[index] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(spread(&[50.0, 10.0, 90.0], 15.0, 0.0, 100.0), [50.0, 10.0, 90.0]);
        assert!(spread(&[], 15.0, 0.0, 100.0).is_empty());
    }

    #[test]
    fn labels_are_never_closer_than_the_gap_or_outside_the_line() {
        for places in [vec![50.0; 6], vec![99.0, 100.0, 98.0], vec![0.0, 1.0, 2.0, 100.0]] {
            let mut moved = spread(&places, 15.0, 0.0, 100.0);
            moved.sort_by(f64::total_cmp);
            assert!(moved.windows(2).all(|pair| pair[1] - pair[0] >= 14.999), "{moved:?}");
            assert!(moved[0] >= -0.001 && moved[moved.len() - 1] <= 100.001, "{moved:?}");
        }
    }

    #[test]
    fn too_many_labels_share_the_available_room() {
        let moved = spread(&[5.0; 11], 15.0, 0.0, 100.0);
        assert!(moved.iter().all(|place| (-0.001..=100.001).contains(place)), "{moved:?}");
    }
}
