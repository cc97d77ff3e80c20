//! Commands as people type them: words between spaces.
//!
//! A word may be in quotes. Double quotes know `\n`, `\r`, `\t`, `\b`, `\a` and `\xHH`, and any other byte after a
//! backslash is itself; single quotes know `\'` alone. This is what Redis does. A NUL ends the words; Redis takes one for the
//! end of what has arrived, and waits.

use alloc::vec::Vec;

/// The words, or `None` if a quote is not closed or is followed by something else than a space.
pub(crate) fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut words = Vec::new();
    loop {
        let start = rest.iter().position(|&byte| !is_space(byte));
        let Some(start) = start else { return Some(words) };
        rest = &rest[start..];
        words.push(take_word(&mut rest)?);
    }
}

fn take_word(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    loop {
        match **rest {
            [] => return Some(word),
            [byte, ..] if is_space(byte) => return Some(word),
            [quote @ (b'"' | b'\''), ref inner @ ..] => {
                *rest = inner;
                take_quoted(rest, quote, &mut word)?;
                return rest.first().is_none_or(|&byte| is_space(byte)).then_some(word);
            }
            [byte, ref after @ ..] => {
                word.push(byte);
                *rest = after;
            }
        }
    }
}

/// Takes what stands before the closing quote, and the quote.
fn take_quoted(rest: &mut &[u8], quote: u8, word: &mut Vec<u8>) -> Option<()> {
    loop {
        let (byte, after) = match **rest {
            [] => return None,
            [byte, ref after @ ..] if byte == quote => {
                *rest = after;
                return Some(());
            }
            [b'\\', b'\'', ref after @ ..] if quote == b'\'' => (b'\'', after),
            [b'\\', b'x', high, low, ref after @ ..] if quote == b'"' && is_hex(high, low) => {
                (hex(high) << 4 | hex(low), after)
            }
            [b'\\', byte, ref after @ ..] if quote == b'"' => (unescaped(byte), after),
            [byte, ref after @ ..] => (byte, after),
        };
        word.push(byte);
        *rest = after;
    }
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

fn is_hex(high: u8, low: u8) -> bool {
    high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// As C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
