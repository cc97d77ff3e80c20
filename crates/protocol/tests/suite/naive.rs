//! The specification, written for obviousness: no state, no loop over bytes, the whole stream at once.
//!
//! The crate walks a table byte by byte; this cuts the stream at its delimiters as a person would with
//! a pencil. Two descriptions that share no code seldom share a mistake.

use proptest::prelude::*;

/// The seven classes of bytes that the protocol could treat differently: both delimiters, their
/// neighbours (`]` answers as `^`, `#` answers as `$`), the byte that wraps, and two that are plain.
pub(crate) const BYTE_CLASSES: [u8; 7] = [b'^', b'$', b'#', b']', b')', 0xFF, b'a'];

/// Everything that a server must send for `stream`, the greeting left out.
pub(crate) fn reply(stream: &[u8]) -> Vec<u8> {
    let Some((_ignored, opened)) = split_once(stream, b'^') else { return Vec::new() };
    match split_once(opened, b'$') {
        None => successors(opened),
        Some((data, rest)) => [successors(data), reply(rest)].concat(),
    }
}

/// Whether `stream` ends inside a frame.
pub(crate) fn ends_in_frame(stream: &[u8]) -> bool {
    let last_end = stream.iter().rposition(|&byte| byte == b'$');
    stream[last_end.map_or(0, |end| end + 1)..].contains(&b'^')
}

fn split_once(bytes: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let mut parts = bytes.splitn(2, |&byte| byte == delimiter);
    Some((parts.next()?, parts.next()?))
}

fn successors(data: &[u8]) -> Vec<u8> {
    data.iter().map(|&byte| if byte == 0xFF { 0x00 } else { byte + 1 }).collect()
}

/// Bytes as they may come from a client, rich in what the protocol cares about.
pub(crate) fn any_bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![2 => prop::sample::select(&BYTE_CLASSES[..]), 1 => any::<u8>()];
    prop::collection::vec(byte, 0..=longest)
}

/// Lengths of reads, to be handed to [`cut`]: many short ones, empty ones among them.
pub(crate) fn any_cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..9, 0..64)
}

/// `bytes` in pieces of these lengths; what they do not cover comes as one last piece.
pub(crate) fn cut<'bytes>(bytes: &'bytes [u8], lengths: &[usize]) -> Vec<&'bytes [u8]> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for &length in lengths {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[test]
fn the_specification_itself_answers_the_examples_of_the_series() {
    assert_eq!(reply(b"^abc$de^abte$fxyz^12325$^ab$abab"), b"bcdbcuf23436bc");
    assert_eq!(reply(b"^a^b$"), b"b_c");
    assert_eq!(reply(b"$#^#$#"), b"$");
    assert_eq!(reply(b"^\xFF"), b"\x00");
    assert!(ends_in_frame(b"$^a") && !ends_in_frame(b"^a$b") && !ends_in_frame(b"ab"));
}
