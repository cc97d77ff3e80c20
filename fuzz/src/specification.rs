//! The protocol once more, without a state: the stream is split at its delimiters.

/// Everything that a server must send for `stream`, without the greeting.
pub(crate) fn reply(stream: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    let mut rest = stream;
    while let Some(start) = rest.iter().position(|&byte| byte == b'^') {
        let opened = &rest[start + 1..];
        let end = opened.iter().position(|&byte| byte == b'$').unwrap_or(opened.len());
        reply.extend(opened[..end].iter().map(|&byte| successor(byte)));
        rest = opened.get(end + 1..).unwrap_or_default();
    }
    reply
}

/// Whether `stream` ends inside a frame.
pub(crate) fn ends_in_frame(stream: &[u8]) -> bool {
    let after_last_end = stream.iter().rposition(|&byte| byte == b'$').map_or(0, |end| end + 1);
    stream[after_last_end..].contains(&b'^')
}

fn successor(byte: u8) -> u8 {
    if byte == 0xFF { 0x00 } else { byte + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_itself_answers_the_examples_of_the_series() {
        assert_eq!(reply(b"^abc$de^abte$fxyz^12325$^ab$abab"), b"bcdbcuf23436bc");
        assert_eq!(reply(b"^a^b$"), b"b_c");
        assert_eq!(reply(b"$#^#$#"), b"$");
        assert_eq!(reply(b"^\xFF"), b"\x00");
        assert_eq!(reply(b"^$^$"), b"");
        assert!(ends_in_frame(b"$^a") && !ends_in_frame(b"^a$b") && !ends_in_frame(b"ab"));
    }
}
