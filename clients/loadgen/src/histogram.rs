//! Histograms as text that other tools read: `HdrHistogram`'s V2 encoding, deflated, in base64.
//!
//! The format is the one of the [reference implementation](https://github.com/HdrHistogram/HdrHistogram). A
//! histogram that was decoded can be added to others; percentiles of runs or machines cannot.
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

/// The magic numbers of the deflated and of the plain encoding, both version 2.
const DEFLATED_COOKIE: u32 = 0x1c84_9314;
const PLAIN_COOKIE: u32 = 0x1c84_9313;

/// Cookie, length of the payload, offset, digits, lowest and highest value, conversion ratio.
const HEADER_BYTES: usize = 40;

/// The largest possible histogram has 6 million counts of at most 9 bytes; text that inflates to more is not a
/// histogram.
const MAX_PLAIN_BYTES: u64 = 64 << 20;

/// The longest accepted text: base64 of the largest histogram if deflating saves nothing.
const MAX_TEXT_BYTES: usize = 96 << 20;

/// Encodes a histogram as one word of text.
///
/// # Errors
/// A single count is above 2^63.
pub fn encode(histogram: &Histogram<u64>) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).context("cannot encode a histogram")?;
    Ok(STANDARD.encode(bytes))
}

/// Decodes a histogram; whitespace around it is ignored.
///
/// # Errors
/// `text` is not such a histogram or is damaged; the error says how. No input makes this panic or allocate more
/// than 150 MiB.
pub fn decode(text: &str) -> anyhow::Result<Histogram<u64>> {
    let text = text.trim();
    ensure!(text.len() <= MAX_TEXT_BYTES, "{} bytes exceed the size of any histogram", text.len());
    let bytes = STANDARD.decode(text).context("not a histogram in base64")?;
    let plain = inflate(&bytes).context("not an HdrHistogram in V2 encoding, deflated")?;
    check(&plain).context("a damaged HdrHistogram")?;
    Deserializer::new().deserialize(&mut plain.as_slice()).context("a damaged HdrHistogram")
}

fn inflate(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let cookie = word(bytes, 0)?;
    ensure!(cookie == DEFLATED_COOKIE, "it starts with {cookie:#x} instead of {DEFLATED_COOKIE:#x}");
    let length = word(bytes, 4)? as usize;
    let deflated = &bytes[8..];
    ensure!(length == deflated.len(), "{length} bytes should follow, but there are {}", deflated.len());
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated)
        .take(MAX_PLAIN_BYTES + 1)
        .read_to_end(&mut plain)
        .context("cannot inflate it")?;
    ensure!(plain.len() as u64 <= MAX_PLAIN_BYTES, "it inflates to more than the size of any histogram");
    Ok(plain)
}

/// Rejects what the decoder of the `hdrhistogram` crate does not check: a length that makes it reserve
/// gigabytes, and counts that overflow.
fn check(plain: &[u8]) -> anyhow::Result<()> {
    let cookie = word(plain, 0)?;
    ensure!(cookie == PLAIN_COOKIE, "the inflated bytes start with {cookie:#x} instead of {PLAIN_COOKIE:#x}");
    let length = word(plain, 4)? as usize;
    ensure!(plain.len() >= HEADER_BYTES, "it is shorter than its header");
    let mut counts = &plain[HEADER_BYTES..];
    ensure!(length == counts.len(), "its counts should take {length} bytes, but take {}", counts.len());
    while !counts.is_empty() {
        let (number, rest) = variable_length(counts)?;
        // Zigzag encoding: odd numbers are negative and mean a run of zeros, even ones are counts.
        if number == u64::MAX {
            bail!("a run of zeros is longer than any histogram");
        }
        counts = rest;
    }
    Ok(())
}

/// Splits off the first number (LEB128): seven bits per byte, lowest first, for as long as the highest bit is
/// set; all eight bits of a ninth byte count.
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
