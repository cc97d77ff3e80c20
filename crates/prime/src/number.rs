//! What counts as a number.

/// Leading zeros count, too.
const MOST_DIGITS: usize = 20;

/// The number that these bytes are, if they are one.
pub(crate) fn parse(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > MOST_DIGITS {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}
