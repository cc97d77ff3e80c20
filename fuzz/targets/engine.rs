#![no_main]
//! Passes the fuzzer's inputs to [`fuzz::engine`].

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::engine::check(input));
