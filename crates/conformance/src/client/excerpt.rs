//! Bytes as text, for failures.

/// The length of the common prefix.
pub(crate) fn first_difference(expected: &[u8], got: &[u8]) -> usize {
    expected.iter().zip(got).take_while(|(one, other)| one == other).count()
}

/// Some bytes as text: escaped, from shortly before `position`, and limited to a line's length.
pub(crate) fn excerpt(bytes: &[u8], position: usize) -> String {
    const BEFORE: usize = 16;
    const LENGTH: usize = 48;
    let start = position.saturating_sub(BEFORE).min(bytes.len());
    let end = bytes.len().min(start + LENGTH);
    let before = if start > 0 { format!("{start} bytes and ") } else { String::new() };
    let after = if end < bytes.len() { format!(" and {} bytes", bytes.len() - end) } else { String::new() };
    match &bytes[start..end] {
        [] => format!("{before}nothing"),
        shown => format!("{before}\"{}\"{after}", shown.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_bytes_around_the_first_difference() {
        assert_eq!(excerpt(b"", 0), "nothing");
        assert_eq!(excerpt(b"a\x00\"$", 0), r#""a\x00\"$""#);
        let long = [b'x'; 100];
        assert_eq!(excerpt(&long, 30), format!("14 bytes and \"{}\" and 38 bytes", "x".repeat(48)));
        assert_eq!(excerpt(&long, 200), "100 bytes and nothing");
    }

    #[test]
    fn the_first_difference_of_a_prefix_is_its_length() {
        assert_eq!(first_difference(b"abc", b"ab"), 2);
        assert_eq!(first_difference(b"abc", b"axc"), 1);
    }
}
