//! A fuzzer's input, interpreted as a stream and the positions where it is split.
//!
//! One byte is the number of splits, one byte each is the length of a piece, and the rest is the stream. Every input is
//! valid, and a small change of the input is a small change of the script, which suits a mutating fuzzer.

/// Enough pieces to cross every kind of boundary; more would only make an input slow.
const MOST_CUTS: usize = 32;

/// The bytes of a client's stream, and the pieces in which they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<'input> {
    /// All bytes.
    pub stream: &'input [u8],
    /// Lengths of the first pieces, possibly zero; the rest of the stream is the last piece.
    cuts: &'input [u8],
}

impl<'input> Script<'input> {
    /// Interprets arbitrary bytes as a script.
    ///
    /// ```
    /// let script = fuzz::script::Script::from_bytes(b"\x02\x01\x02^abc$");
    /// assert_eq!(script.pieces().collect::<Vec<_>>(), [&b"^"[..], b"ab", b"c$"]);
    /// ```
    pub fn from_bytes(input: &'input [u8]) -> Self {
        let Some((&count, rest)) = input.split_first() else { return Script { stream: &[], cuts: &[] } };
        let count = (usize::from(count) % (MOST_CUTS + 1)).min(rest.len());
        let (cuts, stream) = rest.split_at(count);
        Script { stream, cuts }
    }

    /// The pieces in order; concatenated they are the stream.
    pub fn pieces(&self) -> impl Iterator<Item = &'input [u8]> {
        cut(self.stream, self.cuts)
    }
}

/// Splits `bytes` into pieces of these lengths; the rest is one last piece.
pub(crate) fn cut<'bytes>(bytes: &'bytes [u8], lengths: &[u8]) -> impl Iterator<Item = &'bytes [u8]> {
    let mut rest = bytes;
    let lengths = lengths.iter().map(|&length| usize::from(length)).chain([usize::MAX]);
    lengths.map(move |length| {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        piece
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_any_script_are_its_stream() {
        for input in [&b""[..], b"\x00", b"\x05ab", b"\x02\xFF\x00abc", b"\x01\x03^a$^b$", &[0xFF; 40]] {
            let script = Script::from_bytes(input);
            assert_eq!(script.pieces().collect::<Vec<_>>().concat(), script.stream);
        }
    }
}
