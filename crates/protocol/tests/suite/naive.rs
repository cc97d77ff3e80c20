//! The specification in its most obvious form: no state, no loop over bytes, the whole stream at once.
//!
//! The crate applies a transition table byte by byte; this file splits the whole stream at its delimiters. Two
//! implementations that share no code are unlikely to share a mistake.

use proptest::prelude::*;

/// Seven classes of bytes that an implementation could treat differently: both delimiters, their
/// predecessors (the reply to `]` is `^`, to `#` it is `$`), the byte that wraps, and two ordinary ones.
pub(crate) const BYTE_CLASSES: [u8; 7] = [b'^', b'$', b'#', b']', b')', 0xFF, b'a'];

/// Everything that a server must send for `stream`, without the greeting.
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

/// Bytes that a client may send, with a high share of those special to the protocol.
pub(crate) fn any_bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![2 => prop::sample::select(&BYTE_CLASSES[..]), 1 => any::<u8>()];
    prop::collection::vec(byte, 0..=longest)
}

/// Lengths of reads for [`cut`]: many short ones, including empty ones.
pub(crate) fn any_cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..9, 0..64)
}

/// Splits `bytes` into pieces of these lengths; the rest is one last piece.
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
