//! A fuzzer's input read as a stream and the places where it is cut.
//!
//! One byte says how many cuts there are, one byte each how long these pieces are, and all the rest is the
//! stream. Every input means something, and a small change of it is a small change of the script: that is what
//! a mutating fuzzer needs.

/// So many pieces exercise every way of crossing a border; more only make an input slow.
const MOST_CUTS: usize = 32;

/// Bytes of a client's stream, and the pieces in which they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<'input> {
    /// All bytes.
    pub stream: &'input [u8],
    /// Lengths of the first pieces, zero among them; the rest of the stream is the last piece.
    cuts: &'input [u8],
}

impl<'input> Script<'input> {
    /// Reads any bytes as a script.
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

    /// The pieces in order; together they are the stream.
    pub fn pieces(&self) -> impl Iterator<Item = &'input [u8]> {
        cut(self.stream, self.cuts)
    }
}

/// `bytes` in pieces of these lengths; what they do not cover comes as one last piece.
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
    fn any_bytes_are_a_script_whose_pieces_are_its_stream() {
        for input in [&b""[..], b"\x00", b"\x05ab", b"\x02\xFF\x00abc", b"\x01\x03^a$^b$", &[0xFF; 40]] {
            let script = Script::from_bytes(input);
            assert_eq!(script.pieces().collect::<Vec<_>>().concat(), script.stream);
        }
    }
}
