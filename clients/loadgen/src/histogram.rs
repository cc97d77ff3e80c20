//! Histograms as text that other tools read: `HdrHistogram`'s V2 encoding, deflated, in base64.
//!
//! The format is the one of the [reference implementation](https://github.com/HdrHistogram/HdrHistogram). A
//! histogram that was read back can be added to others; percentiles of runs or machines can not.
//!
//! ```
//! use hdrhistogram::Histogram;
//! use loadgen::histogram;
//!
//! let mut latency_ns = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3)?;
//! latency_ns.record(1_234_567)?;
//! let text = histogram::encode(&latency_ns)?;
//! assert!(text.starts_with("HISTFAAAA"));
//! assert_eq!(histogram::decode(&text)?, latency_ns);
//! # Ok::<(), anyhow::Error>(())
//! ```

use std::io::Read;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// What the deflated and the plain encoding begin with, version 2 of each.
const DEFLATED_COOKIE: u32 = 0x1c84_9314;
const PLAIN_COOKIE: u32 = 0x1c84_9313;

/// Cookie, length of the payload, offset, digits, lowest and highest value, conversion ratio.
const HEADER_BYTES: usize = 40;

/// The largest histogram there is has 6 million counts of 9 bytes at most; text that inflates to more than
/// this is none.
const MAX_PLAIN_BYTES: u64 = 64 << 20;

/// Longest text looked at: four thirds of the largest histogram, which then did not shrink at all.
const MAX_TEXT_BYTES: usize = 96 << 20;

/// The histogram as one word of text.
///
/// # Errors
/// A single count is above 2^63.
pub fn encode(histogram: &Histogram<u64>) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).context("cannot encode a histogram")?;
    Ok(STANDARD.encode(bytes))
}

/// The histogram that `text` holds; space around it does not matter.
///
/// # Errors
/// `text` is no such histogram, or is damaged. What is wrong is said; no input makes this panic or take more
/// than 150 MiB beside the text.
pub fn decode(text: &str) -> anyhow::Result<Histogram<u64>> {
    let text = text.trim();
    ensure!(text.len() <= MAX_TEXT_BYTES, "{} bytes are too many for a histogram", text.len());
    let bytes = STANDARD.decode(text).context("not a histogram in base64")?;
    let plain = inflate(&bytes).context("not an HdrHistogram in V2 encoding, deflated")?;
    check(&plain).context("a damaged HdrHistogram")?;
    Deserializer::new().deserialize(&mut plain.as_slice()).context("a damaged HdrHistogram")
}

fn inflate(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let cookie = word(bytes, 0)?;
    ensure!(cookie == DEFLATED_COOKIE, "it begins with {cookie:#x} and not with {DEFLATED_COOKIE:#x}");
    let deflated = &bytes[8..];
    let length = word(bytes, 4)? as usize;
    ensure!(length == deflated.len(), "{length} bytes should follow, but {} do", deflated.len());
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated)
        .take(MAX_PLAIN_BYTES + 1)
        .read_to_end(&mut plain)
        .context("cannot inflate it")?;
    ensure!(plain.len() as u64 <= MAX_PLAIN_BYTES, "it inflates to more than any histogram needs");
    Ok(plain)
}

/// Refuses what the decoder of the `hdrhistogram` crate believes without looking: a length that makes it
/// reserve gigabytes, and counts that overflow.
fn check(plain: &[u8]) -> anyhow::Result<()> {
    let cookie = word(plain, 0)?;
    ensure!(
        cookie == PLAIN_COOKIE,
        "what was deflated begins with {cookie:#x} and not with {PLAIN_COOKIE:#x}"
    );
    let length = word(plain, 4)? as usize;
    ensure!(plain.len() >= HEADER_BYTES, "it is shorter than its header");
    let mut counts = &plain[HEADER_BYTES..];
    ensure!(length == counts.len(), "its counts should take {length} bytes, but take {}", counts.len());
    while !counts.is_empty() {
        let (number, rest) = variable_length(counts)?;
        // Zigzag: odd numbers are negative and stand for a run of zeros, even ones are counts.
        if number == u64::MAX {
            bail!("a run of zeros is as long as no histogram");
        }
        counts = rest;
    }
    Ok(())
}

/// Takes a number off the front: seven bits a byte, lowest first, as long as the highest bit is set; the ninth
/// byte counts whole.
fn variable_length(bytes: &[u8]) -> anyhow::Result<(u64, &[u8])> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        let is_last = index == 8 || byte & 0x80 == 0;
        let bits = if index == 8 { byte } else { byte & 0x7f };
        number |= u64::from(bits) << (7 * index);
        if is_last {
            return Ok((number, &bytes[index + 1..]));
        }
    }
    bail!("its last count is cut off")
}

fn word(bytes: &[u8], at: usize) -> anyhow::Result<u32> {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    Ok(u32::from_be_bytes(word.context("it is shorter than its header")?))
}

#[cfg(test)]
mod tests;
