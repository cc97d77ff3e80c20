//! Whether a number is prime, by another method than the servers': the answer that a request must get.

/// With these bases the test has no exception below 2^64: the least composite number that passes for all of the first
/// twelve primes has 25 digits (Sorenson and Webster, "Strong pseudoprimes to twelve prime bases", 2015).
const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// The test of Miller and Rabin, in some 20 µs for a large prime, where trial division takes up to 20 s.
pub(crate) fn is_prime(number: u64) -> bool {
    if number < 2 {
        return false;
    }
    for base in BASES {
        if number.is_multiple_of(base) {
            return number == base;
        }
    }
    let twos = (number - 1).trailing_zeros();
    let odd = (number - 1) >> twos;
    BASES.iter().all(|&base| passes(number, base, odd, twos))
}

/// Whether `base` to the power `odd` is 1, or becomes -1 by at most `twos - 1` squarings.
fn passes(number: u64, base: u64, odd: u64, twos: u32) -> bool {
    let mut power = power(base, odd, number);
    if power == 1 || power == number - 1 {
        return true;
    }
    for _ in 1..twos {
        power = product(power, power, number);
        if power == number - 1 {
            return true;
        }
    }
    false
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, base, modulus);
        }
        base = product(base, base, modulus);
        exponent >>= 1;
    }
    result
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder of a 64-bit number has 64 bits")]
fn product(one: u64, other: u64, modulus: u64) -> u64 {
    (u128::from(one) * u128::from(other) % u128::from(modulus)) as u64
}

#[cfg(test)]
mod tests {
    use prime::{Test, Verdict};

    use super::*;

    fn by_trial_division(number: u64) -> bool {
        let mut test = Test::new(number);
        loop {
            if let Some(verdict) = test.go_on() {
                return verdict == Verdict::Prime;
            }
        }
    }

    #[test]
    fn it_agrees_with_trial_division() {
        let mut random = fastrand::Rng::with_seed(13);
        let small = 0..10_000;
        let large = (0..2_000).map(|_| random.u64(..) >> random.u32(26..64));
        for number in small.chain(large) {
            assert_eq!(is_prime(number), by_trial_division(number), "{number}");
        }
    }

    #[test]
    fn numbers_that_pass_for_some_bases_are_composite() {
        // Strong pseudoprimes to the first 1, 2, 3, 4, 5, 6, 7 and 9 primes; Carmichael numbers; squares of primes.
        for number in [
            2_047,
            1_373_653,
            25_326_001,
            3_215_031_751,
            2_152_302_898_747,
            3_474_749_660_383,
            341_550_071_728_321,
            3_825_123_056_546_413_051,
            561,
            8_911,
            4_294_967_291 * 4_294_967_291,
        ] {
            assert!(!is_prime(number), "{number}");
        }
        for number in [2, 37, 41, 1_000_000_000_039, 100_000_000_000_000_003, 18_446_744_073_709_551_557] {
            assert!(is_prime(number), "{number}");
        }
    }
}
