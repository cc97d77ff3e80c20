//! Bytes as typed text, and back.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use thiserror::Error;

/// Bytes as text: printable bytes as they are, all others as escapes.
///
/// ```
/// use text::escapes::Buffer;
///
/// let buffer: Buffer = r"^a\xff\n$".parse()?;
/// assert_eq!(buffer.bytes, b"^a\xff\n$");
/// assert_eq!(buffer.to_string(), r"^a\xff\n$");
/// # Ok::<(), text::escapes::EscapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An invalid escape.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EscapeError {
    /// A backslash is the last character.
    #[error(r"the text ends in a single backslash; write \\ for a backslash")]
    Unfinished,
    /// An unknown escape.
    #[error(r"\{0} is not an escape; use \xff (any two hex digits), \n, \r, \t, \0 or \\")]
    Unknown(char),
    /// `\x` without two hexadecimal digits behind it.
    #[error(r"\x{0} is not a byte; write \x and two hex digits, such as \xff")]
    NotHexadecimal(String),
}

impl FromStr for Buffer {
    type Err = EscapeError;

    fn from_str(text: &str) -> Result<Self, EscapeError> {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some((before, escape)) = rest.split_once('\\') {
            bytes.extend_from_slice(before.as_bytes());
            let (byte, after) = unescape(escape)?;
            bytes.push(byte);
            rest = after;
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Buffer { bytes })
    }
}

/// Reads the text after a backslash: the byte that it means, and the remaining text.
fn unescape(escape: &str) -> Result<(u8, &str), EscapeError> {
    let mut characters = escape.chars();
    let byte = match characters.next().ok_or(EscapeError::Unfinished)? {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        '0' => b'\0',
        '\\' => b'\\',
        'x' => {
            let digits: String = characters.by_ref().take(2).collect();
            parse_hexadecimal(&digits).ok_or(EscapeError::NotHexadecimal(digits))?
        }
        other => return Err(EscapeError::Unknown(other)),
    };
    Ok((byte, characters.as_str()))
}

fn parse_hexadecimal(digits: &str) -> Option<u8> {
    // The check matters: from_str_radix alone would take "+f".
    let two_digits = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    two_digits.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Buffer { bytes }
    }
}

impl fmt::Display for Buffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().try_for_each(|&byte| formatter.write_str(&readable_byte(byte)))
    }
}

/// One byte as text that [`Buffer`] reads back.
pub fn readable_byte(byte: u8) -> String {
    match byte {
        b'\\' => r"\\".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'\r' => r"\r".to_owned(),
        b'\t' => r"\t".to_owned(),
        b'\0' => r"\0".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        other => format!(r"\x{other:02x}"),
    }
}

impl Serialize for Buffer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = serializer.serialize_struct("Buffer", 2)?;
        buffer.serialize_field("bytes", &self.bytes)?;
        buffer.serialize_field("text", &self.to_string())?;
        buffer.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invalid_escapes_are_rejected_with_the_correct_form() {
        let refusal = |text: &str| text.parse::<Buffer>().unwrap_err().to_string();
        assert!(refusal(r"a\").contains("ends in a single backslash"));
        assert!(refusal(r"\q").contains(r"\q is not an escape"));
        for (text, shown) in
            [(r"\x", r"\x is"), (r"\xf", r"\xf is"), (r"\x+f", r"\x+f is"), (r"\xé1", r"\xé1 is")]
        {
            assert!(refusal(text).starts_with(shown), "{}", refusal(text));
        }
    }

    proptest! {
        #[test]
        fn shown_bytes_can_be_typed_again(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let buffer = Buffer::from(bytes);
            let shown = buffer.to_string();
            prop_assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(shown.parse::<Buffer>(), Ok(buffer));
        }

        #[test]
        fn any_text_is_accepted_or_rejected_without_a_panic(text in any::<String>()) {
            let _ = text.parse::<Buffer>();
        }
    }
}
