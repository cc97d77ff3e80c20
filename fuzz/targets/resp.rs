#![no_main]
//! Passes the fuzzer's inputs to [`fuzz::resp`].

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::resp::check(input));
