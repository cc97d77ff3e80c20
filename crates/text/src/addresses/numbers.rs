//! Hosts that consist of numbers but are no IPv4 addresses as we write them.
//!
//! The system's resolver takes them as `inet_aton` always has: `127.1`, `0x7f.1`, `2130706433`, and a leading zero for
//! octal. Other programs read a leading zero as nothing, or ask for a name.

use std::net::Ipv4Addr;

/// Whether the resolver could take the host for numbers.
pub(super) fn is_numeric(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.split('.').all(|label| {
        let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
        match hexadecimal {
            Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
            None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
        }
    })
}

/// What to say about such a host: which addresses it could mean.
pub(super) fn refusal(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    match (classic(host), decimal(host)) {
        (Some(octal), Some(decimal)) if octal != decimal => format!(
            "{host} is {octal} for programs that read a leading zero as octal, and {decimal} for others; \
             write the one that you mean"
        ),
        (Some(meant), _) | (None, Some(meant)) => {
            format!("{host} is no usual form of an IPv4 address; write {meant} if you mean that")
        }
        (None, None) => format!(
            "{host} is not an IPv4 address; write four numbers from 0 to 255 with dots between them, without leading \
             zeros"
        ),
    }
}

/// The address as `inet_aton` reads it: one to four numbers, the last of which fills the remaining bytes.
fn classic(host: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let free_bits = 32_u32.checked_sub(8 * u32::try_from(first.len()).ok()?).filter(|&bits| bits > 0)?;
    if first.iter().any(|&number| number > 255) || u64::from(*last) >> free_bits > 0 {
        return None;
    }
    let high = first.iter().fold(0_u64, |sum, &number| (sum << 8) | u64::from(number)) << free_bits;
    u32::try_from(high | u64::from(*last)).ok().map(Ipv4Addr::from)
}

/// A number as C writes it: `0x` for hexadecimal, a leading zero for octal.
fn number(label: &str) -> Option<u32> {
    let lower = label.to_ascii_lowercase();
    match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => lower.parse().ok(),
    }
}

/// The address if leading zeros mean nothing.
fn decimal(host: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u8> = host.split('.').map(|label| label.parse().ok()).collect::<Option<_>>()?;
    <[u8; 4]>::try_from(numbers).ok().map(Ipv4Addr::from)
}
