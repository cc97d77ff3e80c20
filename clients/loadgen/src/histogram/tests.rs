//! Round trips, and what is rejected.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;

fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    for value in values {
        histogram.record(value).unwrap();
    }
    histogram
}

/// Wraps a plain encoding as [`encode`] does.
fn text_of(plain: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    let deflated = encoder.finish().unwrap();
    let mut bytes = DEFLATED_COOKIE.to_be_bytes().to_vec();
    bytes.extend(u32::try_from(deflated.len()).unwrap().to_be_bytes());
    bytes.extend(deflated);
    STANDARD.encode(bytes)
}

fn plain_of(text: &str) -> Vec<u8> {
    inflate(&STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn an_encoded_histogram_decodes_to_itself() {
    let random = &mut fastrand::Rng::with_seed(1);
    for original in [
        histogram([]),
        histogram([0, 1, 60_000_000_000]),
        histogram(std::iter::repeat_with(|| random.u64(1..=1_000_000_000)).take(10_000)),
    ] {
        let text = encode(&original).unwrap();
        assert_eq!(decode(&format!(" {text}\r\n")).unwrap(), original);
    }
}

#[test]
fn text_that_is_not_a_histogram_is_rejected_with_the_cause() {
    let good = encode(&histogram([1, 2, 3])).unwrap();
    let plain = plain_of(&good);
    let changed = |at: usize, bytes: &[u8]| {
        let mut plain = plain.clone();
        plain[at..at + bytes.len()].copy_from_slice(bytes);
        text_of(&plain)
    };
    let longest_run = {
        let mut plain = plain[..HEADER_BYTES].to_vec();
        plain[7] = 9;
        plain.extend([0xff; 9]);
        text_of(&plain)
    };
    for (text, words) in [
        (String::new(), "shorter than its header"),
        ("latency".to_owned(), "base64"),
        ("AAAAAAAAAAAA".to_owned(), "starts with 0x0"),
        (good[..good.len() - 4].to_owned(), "bytes should follow"),
        (text_of(b""), "shorter than its header"),
        (changed(0, &[0]), "inflated bytes start"),
        (changed(4, &[0xff]), "counts should take"),
        (changed(12, &[0xff]), "parameters were invalid"),
        (longest_run, "run of zeros"),
        (text_of(&[&plain[..7], &[1], &plain[8..HEADER_BYTES], &[0x80]].concat()), "cut off"),
        (
            text_of(&vec![0; usize::try_from(MAX_PLAIN_BYTES + 1).unwrap()]),
            "more than the size of any histogram",
        ),
    ] {
        let message = format!("{:#}", decode(&text).unwrap_err());
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn a_damaged_histogram_never_causes_a_panic_even_when_added() {
    let random = &mut fastrand::Rng::with_seed(2);
    let plain = plain_of(&encode(&histogram((0..200).map(|power| 1 << (power % 35)))).unwrap());
    let mut accepted = 0;
    for _ in 0..500 {
        let mut damaged = plain.clone();
        for _ in 0..random.usize(1..4) {
            // Half of the damage is in the header, where it has most effect.
            let most = if random.bool() { HEADER_BYTES } else { damaged.len() };
            damaged[random.usize(8..most)] = random.u8(..);
        }
        if let Ok(histogram) = decode(&text_of(&damaged)) {
            accepted += 1;
            let mut sum = Histogram::<u64>::new(3).unwrap();
            sum.auto(true);
            let _ = sum.add(&histogram);
            let _ = (sum.mean(), sum.value_at_quantile(0.999), encode(&sum));
        }
    }
    assert!(accepted > 50, "too few damaged histograms were accepted to test anything: {accepted}");
}
