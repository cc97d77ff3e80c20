//! Every way to split every short input into reads, and every way to cut a long line in two.

use crate::plain;

/// Bytes that an implementation could treat differently.
const CLASSES: [u8; 6] = [b'0', b'7', b'\n', b'\r', b'+', 0xFF];

#[test]
fn every_split_of_every_input_of_up_to_5_bytes_brings_the_same_requests() {
    assert_eq!(check_inputs_up_to(5), 135_726);
}

/// As above; takes seconds in a release build and minutes in a debug build, so it is ignored in the latter.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unoptimised; run: cargo test --release -p prime")]
fn every_split_of_every_input_of_up_to_6_bytes_brings_the_same_requests() {
    assert_eq!(check_inputs_up_to(6), 1_628_718);
}

fn check_inputs_up_to(longest: u32) -> u64 {
    let mut cases = 0;
    for length in 1..=longest {
        for number in 0..6_usize.pow(length) {
            let input: Vec<u8> = (0..length).map(|digit| CLASSES[number / 6_usize.pow(digit) % 6]).collect();
            cases += check_every_split(&input);
        }
    }
    cases
}

fn check_every_split(input: &[u8]) -> u64 {
    let gaps = input.len() - 1;
    for cuts in 0..1_u32 << gaps {
        let mut pieces = Vec::new();
        let mut start = 0;
        for end in 1..=input.len() {
            if end == input.len() || cuts >> (end - 1) & 1 == 1 {
                pieces.push(&input[start..end]);
                start = end;
            }
        }
        plain::check(&pieces);
    }
    1 << gaps
}

#[test]
fn a_line_around_the_limit_is_the_same_wherever_it_is_cut() {
    for length in 62..=66 {
        let line = [&b"3\n"[..], &vec![b'1'; length], b"\n5\n"].concat();
        for first in 0..=line.len() {
            for second in first..=line.len() {
                plain::check(&[&line[..first], &line[first..second], &line[second..]]);
            }
        }
    }
}
