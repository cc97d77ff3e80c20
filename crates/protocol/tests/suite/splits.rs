//! Every way to split every short input into reads: servers most often get the state across reads wrong.

use protocol::Session;

use super::naive::{self, BYTE_CLASSES};

/// All inputs of up to 5 bytes: 289,597 of the 56,761,117 cases, about 0.5 %.
#[test]
fn every_split_of_every_input_of_up_to_5_bytes_gets_the_same_reply() {
    assert_eq!(check_inputs_up_to(5), 289_597);
}

/// All inputs of up to 7 bytes: every one of the 56,761,117 cases (7^L inputs of length L, each split in
/// 2^(L-1) ways). Takes seconds in a release build and minutes in a debug build, so it is ignored in the latter.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unoptimised; run: cargo test --release -p protocol")]
fn every_split_of_every_input_of_up_to_7_bytes_gets_the_same_reply() {
    assert_eq!(check_inputs_up_to(7), 56_761_117);
}

/// Checks all inputs of 1 to `longest` bytes, split in every way, and returns the number of cases.
fn check_inputs_up_to(longest: u32) -> u64 {
    let mut cases = 0;
    for length in 1..=longest {
        for number in 0..7_usize.pow(length) {
            cases += check_every_split(&input(number, length));
        }
    }
    cases
}

/// The `number`th input of `length` bytes: its digits in base 7 choose the byte classes.
fn input(number: usize, length: u32) -> Vec<u8> {
    (0..length).map(|digit| BYTE_CLASSES[number / 7_usize.pow(digit) % 7]).collect()
}

/// Checks each of the 2^(length-1) splits of `input` and returns their number.
fn check_every_split(input: &[u8]) -> u64 {
    let expected = naive::reply(input);
    // The reply must be complete after each read, not only at the end.
    let owed: Vec<usize> = (0..=input.len()).map(|end| naive::reply(&input[..end]).len()).collect();
    let gaps = input.len() - 1;
    for cuts in 0..1_u32 << gaps {
        check_split(input, cuts, &expected, &owed);
    }
    1 << gaps
}

/// Bit `n` of `cuts` says whether a read ends after byte `n`. A read always ends after the last byte.
fn check_split(input: &[u8], cuts: u32, expected: &[u8], owed: &[usize]) {
    let mut session = Session::new();
    let mut buffer = [0; 8];
    buffer[..input.len()].copy_from_slice(input);
    let mut start = 0;
    for end in 1..=input.len() {
        if end == input.len() || cuts >> (end - 1) & 1 == 1 {
            let read = &mut buffer[start..end];
            let length = session.transform_in_place(read);
            assert!(
                read[..length] == expected[owed[start]..owed[end]],
                "{} split by mask {cuts:#b}: the reply to bytes {start}..{end} is {}, the whole reply must be {}",
                input.escape_ascii(),
                read[..length].escape_ascii(),
                expected.escape_ascii(),
            );
            start = end;
        }
    }
}
