//! Whole numbers, as RESP writes them.

/// Reads a number in its one spelling: no `+`, no leading zero, no `-0`.
pub(crate) fn parse(digits: &[u8]) -> Option<i64> {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    let is_canonical = match unsigned {
        [b'0'] => unsigned.len() == digits.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let text = core::str::from_utf8(digits).ok()?;
    if is_canonical { text.parse().ok() } else { None }
}
