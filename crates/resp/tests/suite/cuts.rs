//! Any stream, cut anywhere, means the same as in one piece.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::{commands, replies, specification};

const MOST: usize = 200;

/// Streams with every construct, and mistakes in each.
const STREAMS: &[&[u8]] = &[
    b"+OK\r\n-ERR no\r\n:0\r\n:-12\r\n$-1\r\n*-1\r\n$0\r\n\r\n$3\r\na\r\n\r\n*0\r\n*2\r\n:1\r\n$1\r\nx\r\n",
    b"*1\r\n*1\r\n*2\r\n+a\r\n*0\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    b":01\r\n",
    b":9223372036854775808\r\n",
    b"$-2\r\n",
    b"$2\r\nabc\r\n",
    b"$2\r\nab\rx",
    b"+a\nb\r\n",
    b"+a\rb\r\n",
    b"*9\r\n:1\r\n",
    b"$9223372036854775807\r\n",
    b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*0\r\n*-7\r\nPING\r\n\r\n get \"a\\x41\\n\" 'b\\''\n*1\r\n$4\r\nPING\r\n",
    b"*1\r\nPING\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$4\r\nPINGPING",
    b"*x\r\n",
    b"*\r\n",
    b"*99999\r\n",
    b"get \"a\"b\n",
    b"get \"\\xfA\\xg0\\x1\" \"\\n\\r\\t\\b\\a\\q\\\"\" '\\n\\''\n",
    b"get 'a\n",
    b"get a\0 'b\n",
];

#[test]
fn every_two_cuts_of_a_stream_change_nothing() {
    for stream in STREAMS {
        let (as_replies, as_commands) =
            (specification::replies(stream, MOST), specification::commands(stream, MOST));
        for second in 0..=stream.len() {
            for first in 0..=second {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                let shown = || {
                    format!(
                        "{} | {} | {}",
                        pieces[0].escape_ascii(),
                        pieces[1].escape_ascii(),
                        pieces[2].escape_ascii()
                    )
                };
                assert_eq!(replies(pieces, MOST), as_replies, "{}", shown());
                assert_eq!(commands(pieces, MOST), as_commands, "{}", shown());
            }
        }
    }
}

/// Every stream of these bytes up to a length, in every way to cut it.
#[test]
fn every_cut_of_every_short_stream_changes_nothing() {
    const LETTERS: &[u8] = b"*$+:1-\r\n'a ";
    const LONGEST: u32 = 5;
    for length in 0..=LONGEST {
        for number in 0..LETTERS.len().pow(length) {
            let letter = |place: u32| LETTERS[number / LETTERS.len().pow(place) % LETTERS.len()];
            let stream: Vec<u8> = (0..length).map(letter).collect();
            let (as_replies, as_commands) =
                (specification::replies(&stream, MOST), specification::commands(&stream, MOST));
            for cuts in 0..1_u32 << length.saturating_sub(1) {
                let pieces = || cut_by_bits(&stream, cuts);
                assert_eq!(replies(pieces(), MOST), as_replies, "{}", stream.escape_ascii());
                assert_eq!(commands(pieces(), MOST), as_commands, "{}", stream.escape_ascii());
            }
        }
    }
}

/// The pieces of a stream that is cut behind each byte whose bit is set.
fn cut_by_bits(stream: &[u8], cuts: u32) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    stream.split_inclusive(move |_| {
        at += 1;
        cuts >> (at - 1) & 1 == 1
    })
}

/// Bytes that are likely to mean something.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            &b"*1\r\n"[..], b"*2\r\n", b"*0\r\n", b"$3\r\nabc\r\n", b"$0\r\n\r\n", b"$-1\r\n", b"+OK\r\n", b":7\r\n",
            b"-ERR x\r\n", b"PING\r\n", b"get 'a b' \"\\x00\"\n", b"$2\r\n", b"\r\n", b"*-1\r\n",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #[test]
    fn a_random_stream_means_what_the_specification_says_however_it_is_cut(
        fragments in vec(fragment(), 0..12),
        lengths in vec(0_usize..9, 0..12),
        most in 0_usize..300,
    ) {
        let stream = fragments.concat();
        let mut pieces = Vec::new();
        let mut rest = stream.as_slice();
        for length in lengths {
            let (piece, after) = rest.split_at(length.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(replies(pieces.iter().copied(), most), specification::replies(&stream, most));
        prop_assert_eq!(commands(pieces, most), specification::commands(&stream, most));
    }
}
