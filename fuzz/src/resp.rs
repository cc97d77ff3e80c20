//! Both decoders of RESP against the specification: any stream, split anywhere, with any limit.

use resp::{CommandDecoder, ReplyDecoder};

use crate::resp_specification;
use crate::script::Script;

/// What a decoder has understood, and why nothing follows.
type Meaning<T, E> = (Vec<T>, Option<E>);

/// Feeds the input's stream piece by piece to both decoders. The first byte of the stream is the limit.
///
/// # Panics
/// If one of them understands something else than the specification, or replies are not encoded as they came.
pub fn check(input: &[u8]) {
    let script = Script::from_bytes(input);
    let Some((&limit, stream)) = script.stream.split_first() else { return };
    let most = 8 * usize::from(limit);
    let pieces = || script.pieces().scan(1, without_first);

    let mut decoder = ReplyDecoder::new(most);
    let replies = decoded(pieces(), |piece| decoder.decode(piece));
    assert_eq!(replies, resp_specification::replies(stream, most), "replies in {}", stream.escape_ascii());
    let mut encoded = Vec::new();
    for reply in &replies.0 {
        reply.append_to(&mut encoded);
    }
    assert!(stream.starts_with(&encoded), "{} is sent as {}", stream.escape_ascii(), encoded.escape_ascii());

    let mut decoder = CommandDecoder::new(most);
    let commands = decoded(pieces(), |piece| decoder.decode(piece));
    assert_eq!(commands, resp_specification::commands(stream, most), "commands in {}", stream.escape_ascii());
}

/// Leaves out as many bytes of the first pieces as are to be skipped.
#[expect(clippy::unnecessary_wraps, reason = "scan ends at None")]
fn without_first<'piece>(skip: &mut usize, piece: &'piece [u8]) -> Option<&'piece [u8]> {
    let (skipped, rest) = piece.split_at(piece.len().min(*skip));
    *skip -= skipped.len();
    Some(rest)
}

fn decoded<'piece, T, E>(
    pieces: impl Iterator<Item = &'piece [u8]>,
    mut decode: impl FnMut(&mut &'piece [u8]) -> Result<Option<T>, E>,
) -> Meaning<T, E> {
    let mut found = Vec::new();
    for mut piece in pieces {
        loop {
            match decode(&mut piece) {
                Ok(Some(value)) => found.push(value),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}
