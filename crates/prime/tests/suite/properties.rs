//! Any bytes, any splits: the requests are those of the specification.

use proptest::prelude::*;

use prime::{Framing, MOST_AT_ONCE, Request, Requests, SLICE, Test, Verdict};

use crate::plain;

/// Lines as clients may send them, good ones and bad ones.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => any::<u64>().prop_map(|number| number.to_string()),
        2 => (0..1_000_u64).prop_map(|number| number.to_string()),
        2 => "[0-9]{18,22}",
        1 => "[0-9\r +]{0,70}",
        1 => Just(String::new()),
    ];
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n"), 1 => Just("")];
    prop::collection::vec((line, end), 0..40)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect::<String>().into_bytes())
}

fn cut(bytes: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for &length in lengths {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces.push(rest.to_vec());
    pieces
}

proptest! {
    #[test]
    fn any_stream_cut_anywhere_brings_the_requests_of_the_specification(
        stream in any_stream(),
        lengths in prop::collection::vec(0_usize..30, 0..60),
    ) {
        let pieces = cut(&stream, &lengths);
        plain::check(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_are_no_danger(
        stream in prop::collection::vec(any::<u8>(), 0..300),
        lengths in prop::collection::vec(0_usize..90, 0..10),
    ) {
        let pieces = cut(&stream, &lengths);
        plain::check(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn where_a_read_is_a_request_each_read_brings_one(
        reads in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"0123456789\r\n+"[..]), 1..70), 0..9),
    ) {
        let mut requests = Requests::new(Framing::Read);
        for read in reads {
            requests.receive(&read);
            let text: &[u8] = if read.len() > 64 { b"too long" } else { &read };
            let end = text.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
            prop_assert_eq!(requests.take_next(), Some(plain::request(&text[..end])));
            prop_assert_eq!(requests.take_next(), None);
        }
    }

    #[test]
    fn each_request_of_a_full_read_is_taken_once(number in 0..9_u64) {
        let mut requests = Requests::new(Framing::Line);
        requests.receive(&format!("{number}\n").repeat(MOST_AT_ONCE / 2).into_bytes());
        let all = std::iter::from_fn(|| requests.take_next()).collect::<Vec<_>>();
        prop_assert_eq!(all, vec![Request::Number(Test::new(number)); MOST_AT_ONCE / 2]);
    }

    #[test]
    fn a_verdict_is_what_asking_all_smaller_numbers_says(number in 0..20_000_u64) {
        let expected = if plain::is_prime(number) { Verdict::Prime } else { Verdict::Composite };
        prop_assert_eq!(Test::new(number).go_on(), Some(expected));
    }

    #[test]
    fn a_product_is_composite_after_as_many_slices_as_its_smaller_factor_takes(
        small in 3..3_000_000_u64,
        large in 3_000_000..6_000_000_u64,
    ) {
        let mut test = Test::new(small * large);
        let slices = 1 + small / 2 / u64::from(SLICE);
        let verdict = (0..slices).find_map(|_| test.go_on());
        prop_assert_eq!(verdict, Some(Verdict::Composite));
    }
}
