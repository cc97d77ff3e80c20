//! Verdicts.

use std::cell::RefCell;

use prime::{Progress, SLICE, Test, Verdict};

use crate::plain;

/// The verdict, and after how many slices it was there.
fn run(number: u64) -> (Verdict, u32) {
    let mut test = Test::new(number);
    let mut slices = 1;
    loop {
        if let Some(verdict) = test.go_on() {
            return (verdict, slices);
        }
        slices += 1;
    }
}

#[test]
fn every_number_up_to_ten_thousand_is_told_right() {
    for number in 0..10_000 {
        assert_eq!(run(number).0 == Verdict::Prime, plain::is_prime(number), "{number}");
    }
}

#[test]
fn a_test_can_be_left_after_each_slice_and_gone_on_with() {
    // The smallest prime above 10^12: half a million divisions.
    assert_eq!(run(1_000_000_000_039), (Verdict::Prime, 1_000_000 / 2 / SLICE + 1));
    // The square of a prime.
    assert_eq!(run(1_000_003 * 1_000_003), (Verdict::Composite, 1_000_000 / 2 / SLICE + 1));
}

/// The largest prime itself takes seconds, and has a test of its own; here the beginning of its test, and numbers
/// beside it that have a small factor.
#[test]
fn the_largest_numbers_do_not_overflow() {
    let mut largest_prime = Test::new(18_446_744_073_709_551_557);
    assert!((0..20).all(|_| largest_prime.go_on().is_none()), "it has no small factor");
    for composite in [u64::MAX, u64::MAX - 1, 18_446_744_073_709_551_555] {
        assert_eq!(run(composite).0, Verdict::Composite);
    }
    // The largest square of 64 bits, of 4294967295, and the largest square of a prime, of 4294967291.
    assert_eq!(run(18_446_744_065_119_617_025).0, Verdict::Composite);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes long unoptimised; run: cargo test --release -p prime")]
fn the_largest_prime_of_64_bits_and_the_largest_square_of_a_prime_are_told_right() {
    assert_eq!(run(18_446_744_073_709_551_557).0, Verdict::Prime);
    assert_eq!(run(4_294_967_291 * 4_294_967_291).0, Verdict::Composite);
}

#[test]
fn an_answer_is_a_line() {
    assert_eq!(Verdict::Prime.answer(), b"prime\n");
    assert_eq!(Verdict::Composite.answer(), b"composite\n");
}

#[test]
fn whoever_watches_a_test_is_told_once_that_it_begins_and_once_that_it_ends() {
    thread_local! {
        static TOLD: RefCell<Vec<(u64, Progress)>> = const { RefCell::new(Vec::new()) };
    }
    // Even and odd, of one slice and of many.
    let numbers = [0, 6, 7, 1_000_000_000_039];
    for number in numbers {
        let mut test = Test::new(number)
            .watched(|test, progress| TOLD.with_borrow_mut(|told| told.push((test.number(), progress))));
        assert_eq!(test, Test::new(number));
        while test.go_on().is_none() {}
    }
    let expected = numbers.map(|number| [(number, Progress::Begins), (number, Progress::Ends)]).concat();
    assert_eq!(TOLD.take(), expected);
}
