#![no_main]
//! Passes the fuzzer's inputs to [`fuzz::differential`].

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::differential::check(input));
