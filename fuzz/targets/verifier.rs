#![no_main]
//! Passes the fuzzer's inputs to [`fuzz::verifier`].

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::verifier::check(input));
