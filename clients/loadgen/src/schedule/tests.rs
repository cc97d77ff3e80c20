//! Due times are a pure function, so even their distribution can be tested without a clock.

use super::*;

const ALONE: Share = Share { index: 0, of: 1 };
/// Above it a Kolmogorov-Smirnov statistic rejects: `2 exp(-2 d²)` is the chance of a distance above `d`.
const REJECTED: f64 = 2.4;
const MINUTE: Duration = Duration::from_secs(60);

fn per_second(messages: u64) -> Rate {
    Rate { messages, seconds: 1 }
}

fn due_times(arrivals: Arrivals, rate: u64, seed: u64, workers: usize) -> Vec<Duration> {
    let shares = (0..workers).map(|index| Share { index, of: workers });
    let mut due: Vec<Duration> =
        shares.flat_map(|share| Schedule::new(per_second(rate), arrivals, seed, share, MINUTE)).collect();
    due.sort_unstable();
    due
}

fn gaps(due: &[Duration]) -> Vec<f64> {
    due.windows(2).map(|pair| pair[1].as_secs_f64() - pair[0].as_secs_f64()).collect()
}

/// The Kolmogorov-Smirnov statistic of `gaps` against the exponential distribution of this rate, times the
/// root of their number. Thirty schedules are tested: the level is 0.002 % each.
#[expect(clippy::cast_precision_loss, reason = "a few thousand gaps")]
fn distance_from_exponential(gaps: &[f64], rate: f64) -> f64 {
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = |(index, gap): (usize, &f64)| {
        let expected = 1.0 - (-gap * rate).exp();
        let (below, above) = (index as f64 / count, (index + 1) as f64 / count);
        (expected - below).abs().max((above - expected).abs())
    };
    sorted.iter().enumerate().map(distance).fold(0.0, f64::max) * count.sqrt()
}

#[test]
fn uniform_due_times_are_exact_and_do_not_drift() {
    let due = due_times(Arrivals::Uniform, 7, 0, 1);
    assert_eq!(due.len(), 7 * 60);
    assert_eq!(due[1], Duration::from_nanos(142_857_142));
    for second in 0..60_u32 {
        assert_eq!(due[7 * second as usize], Duration::from_secs(second.into()));
    }
}

#[test]
fn workers_split_a_uniform_schedule_without_gap_or_overlap() {
    for workers in [2, 3, 5] {
        assert_eq!(due_times(Arrivals::Uniform, 100, 0, workers), due_times(Arrivals::Uniform, 100, 0, 1));
    }
}

#[test]
fn a_poisson_schedule_depends_only_on_its_seed() {
    let due = |seed| due_times(Arrivals::Poisson, 100, seed, 2);
    assert_eq!(due(1), due(1));
    assert_ne!(due(1), due(2));
}

#[test]
fn poisson_gaps_are_exponential_for_one_worker_and_for_several_together() {
    for workers in [1, 2, 7] {
        for seed in 0..10 {
            let distance =
                distance_from_exponential(&gaps(&due_times(Arrivals::Poisson, 200, seed, workers)), 200.0);
            assert!(distance < REJECTED, "seed {seed}, {workers} workers: {distance}");
        }
    }
}

#[test]
fn the_distance_test_rejects_gaps_that_are_not_poisson() {
    let uniform = gaps(&due_times(Arrivals::Uniform, 200, 0, 1));
    assert!(distance_from_exponential(&uniform, 200.0) > 10.0);
    let too_slow = gaps(&due_times(Arrivals::Poisson, 180, 0, 1));
    assert!(distance_from_exponential(&too_slow, 200.0) > REJECTED);
}

#[test]
fn neighbouring_poisson_gaps_are_not_correlated() {
    for seed in 0..10 {
        let gaps = gaps(&due_times(Arrivals::Poisson, 200, seed, 3));
        // In units of the mean gap, products of independent gaps have mean 1 and variance 3.
        let products: Vec<f64> = gaps.windows(2).map(|pair| pair[0] * pair[1] * 200.0 * 200.0).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand gaps")]
        let count = products.len() as f64;
        let mean = products.iter().sum::<f64>() / count;
        // Neighbouring products share a gap, which adds two covariances of 1: variance 5 of the sum.
        assert!((mean - 1.0).abs() < 3.3 * (5.0 / count).sqrt(), "seed {seed}: {mean}");
    }
}

#[test]
fn a_poisson_schedule_keeps_its_rate() {
    for seed in 0..10 {
        let due = Schedule::new(per_second(1_000), Arrivals::Poisson, seed, ALONE, MINUTE).count();
        // 60,000 are expected, with a standard deviation of 245.
        assert!((59_200..60_800).contains(&due), "seed {seed}: {due}");
    }
}

#[test]
fn an_empty_window_has_no_due_times() {
    assert_eq!(Schedule::empty().count(), 0);
    assert_eq!(Schedule::new(per_second(1), Arrivals::Uniform, 0, ALONE, Duration::ZERO).count(), 0);
}
