//! The numbers that clients of the prime service ask for. All are primes: of numbers of one size a prime takes the longest
//! to test, and all primes of a size take as long. So the size of the work is known, and the answer is too.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// More numbers would not fit into memory besides connections.
const MOST: usize = 1 << 20;
/// On each connection so many numbers that nobody else asks for, before the first of them is asked for again.
const NEW_PER_CONNECTION: usize = 64;
/// There are enough primes above it.
const LARGEST: u64 = 1 << 63;

/// Which primes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Primes {
    /// The known numbers are the first `count` primes from here on: a cache may have them.
    pub from: u64,
    /// How many known numbers there are. Connections ask for them in turn, each beginning with another one.
    pub count: usize,
    /// One in this many requests is for a new number, which nobody has asked for before; 0 for none.
    pub new_every: usize,
    /// The new numbers are primes from here on.
    pub new_from: u64,
}

impl Default for Primes {
    /// One small number, and no new ones.
    fn default() -> Self {
        Primes { from: 7, count: 1, new_every: 0, new_from: 0 }
    }
}

impl Primes {
    /// The known numbers.
    pub fn known(&self) -> Vec<u64> {
        primes_from(self.from).take(self.count).collect()
    }

    /// What connections ask for, one number after the other, again and again; connection `n` has the requests at `n % len`.
    pub(crate) fn requests(&self, connections: usize) -> Vec<Vec<u64>> {
        let known = self.known();
        let beginning_at = |place: usize| known.iter().copied().cycle().skip(place % known.len());
        if self.new_every == 0 {
            let different = known.len().min(connections);
            return (0..different).map(|place| beginning_at(place).take(known.len()).collect()).collect();
        }
        let mut new = primes_from(self.new_from);
        let of_connection = |connection: usize| {
            let mut known = beginning_at(connection);
            let new = new.by_ref().take(NEW_PER_CONNECTION);
            let each = new.flat_map(|number| {
                let mut requests: Vec<u64> = known.by_ref().take(self.new_every - 1).collect();
                // Connections do not ask for new numbers all at once.
                requests.insert(connection % self.new_every, number);
                requests
            });
            each.collect()
        };
        (0..connections).map(of_connection).collect()
    }

    pub(crate) fn validate(&self, scenario: &str, connections: usize) -> anyhow::Result<()> {
        ensure!(
            (1..=MOST).contains(&self.count),
            "scenario {scenario:?}: primes.count must be 1 to {MOST}, but is {}",
            self.count
        );
        let requests = if self.new_every == 0 {
            self.count.saturating_mul(self.count.min(connections))
        } else {
            connections.saturating_mul(NEW_PER_CONNECTION).saturating_mul(self.new_every)
        };
        ensure!(
            requests <= MOST,
            "scenario {scenario:?}: {connections} connections would hold {requests} numbers of primes, more than {MOST}; \
             lower connections, primes.count or primes.new_every"
        );
        let largest = self.from.max(self.new_from);
        ensure!(
            largest <= LARGEST,
            "scenario {scenario:?}: primes may begin at {LARGEST} at most, but begin at {largest}"
        );
        Ok(())
    }
}

/// The primes from this number on, in order.
fn primes_from(from: u64) -> impl Iterator<Item = u64> {
    (from..=u64::MAX).filter(|&number| is_prime(number))
}

/// The first twelve primes. As bases they make Miller and Rabin's test exact for all numbers of 64 bits.
const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// Miller and Rabin's test. A server's own test would take as long as the load it is to make.
fn is_prime(number: u64) -> bool {
    if number < 2 || BASES.iter().any(|base| number.is_multiple_of(*base)) {
        return BASES.contains(&number);
    }
    let twos = (number - 1).trailing_zeros();
    let odd = (number - 1) >> twos;
    BASES.iter().all(|&base| {
        let first = power(base, odd, number);
        let mut squares = std::iter::successors(Some(first), |&value| Some(product(value, value, number)))
            .take(twos as usize);
        first == 1 || squares.any(|value| value == number - 1)
    })
}

fn power(base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let (mut result, mut base) = (1, base % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, base, modulus);
        }
        base = product(base, base, modulus);
        exponent >>= 1;
    }
    result
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder of a number of 64 bits")]
fn product(one: u64, other: u64, modulus: u64) -> u64 {
    (u128::from(one) * u128::from(other) % u128::from(modulus)) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_primes_are_those_that_trial_division_finds() {
        let by_division =
            |number: &u64| (2..*number).take_while(|d| d * d <= *number).all(|d| !number.is_multiple_of(d));
        let expected: Vec<u64> = (2..20_000).filter(by_division).collect();
        assert_eq!(primes_from(0).take(expected.len()).collect::<Vec<u64>>(), expected);
        // Composites that fool some bases, and primes at the end of the range.
        for composite in [3_215_031_751, 3_825_123_056_546_413_051, u64::MAX] {
            assert!(!is_prime(composite), "{composite}");
        }
        for prime in [1_000_000_007, 1_000_000_000_039, 18_446_744_073_709_551_557] {
            assert!(is_prime(prime), "{prime}");
        }
    }

    #[test]
    fn known_numbers_are_asked_for_in_turn() {
        let primes = Primes { from: 10, count: 3, ..Primes::default() };
        assert_eq!(primes.known(), [11, 13, 17]);
        assert_eq!(primes.requests(9), [[11, 13, 17], [13, 17, 11], [17, 11, 13]]);
        assert_eq!(primes.requests(1), [[11, 13, 17]]);
    }

    #[test]
    fn every_so_many_requests_one_asks_for_what_nobody_has_asked_for() {
        let primes = Primes { from: 10, count: 3, new_every: 10, new_from: 1_000 };
        let requests = primes.requests(12);
        assert_eq!(requests.len(), 12);
        let mut seen = HashSet::new();
        for of_connection in &requests {
            for ten in of_connection.chunks(10) {
                let new: Vec<u64> = ten.iter().copied().filter(|number| *number >= 1_000).collect();
                assert_eq!((ten.len(), new.len()), (10, 1));
                assert!(seen.insert(new[0]), "{new:?}");
            }
        }
        assert_eq!(seen.len(), 12 * NEW_PER_CONNECTION);
    }
}
