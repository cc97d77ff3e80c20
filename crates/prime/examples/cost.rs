//! Prints what a number costs: `cargo run --release -p prime --example cost`.

use std::time::Duration;

use prime::{SLICE, Test, Verdict};
use rustix::time::{ClockId, clock_gettime};

/// The smallest primes above powers of ten, and the largest prime of 64 bits.
const NUMBERS: [u64; 6] = [
    1_000_003,
    1_000_000_007,
    1_000_000_000_039,
    1_000_000_000_000_037,
    100_000_000_000_000_003,
    18_446_744_073_709_551_557,
];

fn main() {
    println!("| number | divisions | CPU time |\n| --- | --- | --- |");
    for number in NUMBERS {
        let divisions = f64_of(number).sqrt() / 2.0;
        // Small ones are over before the processor has its full speed.
        let attempts = if divisions < 1e7 { 1_000 } else { 3 };
        let fastest = (0..attempts).map(|_| cost(number)).min().unwrap_or_default();
        println!("| {number} | {divisions:.0} | {fastest:.2?} |");
    }
    println!("A slice is {SLICE} divisions.");
}

/// CPU time, so that other programs on the machine count for little.
fn cost(number: u64) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
    let (start, mut test) = (now(), Test::new(number));
    let verdict = loop {
        if let Some(verdict) = test.go_on() {
            break verdict;
        }
    };
    let cost = now().saturating_sub(start);
    assert_eq!(verdict, Verdict::Prime);
    cost
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
fn f64_of(number: u64) -> f64 {
    number as f64
}
