//! Where the numbers of a kind come from.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use prime::Test;
use serde::{Deserialize, Serialize};

use super::primality::is_prime;

/// Below, there are too few numbers of a size.
pub(crate) const LEAST_SIZE: u64 = 1_000;
/// So that numbers from there upwards stay below 2^64.
pub(crate) const MAX_SIZE: u64 = 1_000_000_000_000_000_000;
/// Some 24 MiB of them.
pub(crate) const MAX_COUNT: usize = 1 << 20;
/// More are easier given by their size.
pub(crate) const MAX_GIVEN: usize = 1_000;
/// Each seed shifts the numbers upwards.
pub(crate) const MAX_SEED: u64 = 1_000;
/// For so many requests no number is asked twice.
const USUAL_COUNT: usize = 10_000;
/// Wider than the mean gap between primes below 2^64, so that the primes of two seeds do not overlap.
const SEED_GAP: u64 = 64;

/// The numbers of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Numbers {
    /// These, in turn.
    Given(Vec<u64>),
    /// Distinct numbers from a size upwards, of which each costs a server what the primes of this size cost it: half of them
    /// are primes, the others products of two primes of about the same size, in an order that tells nothing. A prime `n`
    /// costs trial division half the square root of `n` divisions.
    Near {
        /// The least of them.
        size: u64,
        /// How many; after as many requests the first one is asked again, which the outcome counts as repeated.
        #[serde(default = "usual_count")]
        count: usize,
        /// Another seed gives other numbers, and slightly larger ones: for a further run on a server whose cache still holds
        /// those of the last one.
        #[serde(default)]
        seed: u64,
    },
}

fn usual_count() -> usize {
    USUAL_COUNT
}

impl Numbers {
    /// As many distinct numbers as usual from this size upwards.
    #[must_use]
    pub fn near(size: u64) -> Self {
        Numbers::Near { size, count: USUAL_COUNT, seed: 0 }
    }

    pub(crate) fn validate(&self) -> Result<(), String> {
        match self {
            Numbers::Given(numbers) if !(1..=MAX_GIVEN).contains(&numbers.len()) => {
                Err(format!("1 to {MAX_GIVEN} numbers must be given, but there are {}", numbers.len()))
            }
            Numbers::Near { size, .. } if !(LEAST_SIZE..=MAX_SIZE).contains(size) => {
                Err(format!("the size of numbers must be {LEAST_SIZE} to {MAX_SIZE}, but is {size}"))
            }
            Numbers::Near { count, .. } if !(1..=MAX_COUNT).contains(count) => {
                Err(format!("the count of numbers must be 1 to {MAX_COUNT}, but is {count}"))
            }
            Numbers::Near { seed, .. } if *seed > MAX_SEED => {
                Err(format!("the seed of numbers may be at most {MAX_SEED}, but is {seed}"))
            }
            Numbers::Given(_) | Numbers::Near { .. } => Ok(()),
        }
    }

    /// The numbers in the order in which they are asked. Those near a size are not among `taken`, and are added to it.
    pub(super) fn listed(&self, taken: &mut HashSet<u64>) -> Vec<u64> {
        match self {
            Numbers::Given(numbers) => numbers.clone(),
            &Numbers::Near { size, count, seed } => {
                let is_free = |number: &u64| taken.insert(*number);
                let mut numbers: Vec<u64> = near(size, count, seed).filter(is_free).take(count).collect();
                fastrand::Rng::with_seed(size ^ seed).shuffle(&mut numbers);
                numbers
            }
        }
    }
}

/// Primes and products of two primes, in turn.
fn near(size: u64, count: usize, seed: u64) -> impl Iterator<Item = u64> {
    let shift = |count: u64| seed.saturating_mul(count).saturating_mul(SEED_GAP);
    let primes = primes_from(size.saturating_add(shift(count as u64)));
    // So many primes have as many products as are needed.
    let factors = (count as u64).isqrt() + 1;
    let root = (size - 1).isqrt() + 1;
    primes.zip(products_from(root + shift(factors))).flat_map(|(prime, product)| [prime, product])
}

/// The products of two primes from `least` upwards, the same one twice included: those of the smallest primes first.
fn products_from(least: u64) -> impl Iterator<Item = u64> {
    let mut factors: Vec<u64> = Vec::new();
    primes_from(least).flat_map(move |prime| {
        factors.push(prime);
        factors.iter().filter_map(|factor| factor.checked_mul(prime)).collect::<Vec<u64>>()
    })
}

/// The primes from `least` upwards.
pub(super) fn primes_from(least: u64) -> impl Iterator<Item = u64> {
    (least..=u64::MAX).filter(|&number| is_prime(number))
}

/// The size of numbers whose test takes about this long on this machine, measured now, in some 10 ms: a size for
/// [`Numbers::Near`], within its bounds.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size, roughly"
)]
pub fn size_that_takes(time: Duration) -> u64 {
    const PRIME: u64 = 1_000_000_000_039;
    let once = |_| {
        let start = Instant::now();
        let mut test = Test::new(PRIME);
        while std::hint::black_box(&mut test).go_on().is_none() {}
        start.elapsed()
    };
    // The shortest of several: a test that was interrupted takes longer.
    let shortest = (0..5).map(once).min().unwrap_or_default();
    let times = time.as_secs_f64() / shortest.as_secs_f64().max(1e-9);
    ((PRIME as f64 * times * times) as u64).clamp(LEAST_SIZE, MAX_SIZE)
}
