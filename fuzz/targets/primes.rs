#![no_main]
//! Passes the fuzzer's inputs to [`fuzz::primes`].

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::primes::check(input));
