//! Random reads whose replies are worth predicting.

use fastrand::Rng;
use text::escapes::Buffer;

use protocol::{END, START};

/// Bytes of which few are in the way of a prediction.
const PLAIN: &[u8] = b"abcdefgmnopstuvwxy012345678";
/// Within a frame: a delimiter that is data, replies that look like a delimiter or are no letter, and the byte that wraps.
const SURPRISES: &[u8] = b"^#]z9\xff";

/// The reads of this many connections. The first ones do not depend on how many there are.
pub(in crate::commands) fn rounds(seed: u64, count: u8) -> Vec<Vec<Buffer>> {
    let mut random = Rng::with_seed(seed);
    (0..count).map(|_| round(&mut random)).collect()
}

/// Three reads of one connection. The first cut is within a frame, so that the state must outlive a read.
fn round(random: &mut Rng) -> Vec<Buffer> {
    let mut bytes = Vec::new();
    ignored(random, &mut bytes);
    let start = bytes.len();
    frame(random, &mut bytes);
    let first_cut = random.usize(start + 1..bytes.len());
    ignored(random, &mut bytes);
    frame(random, &mut bytes);
    if random.bool() {
        bytes.pop(); // and the frame is still open at the end
    } else {
        ignored(random, &mut bytes);
    }
    let second_cut = random.usize(first_cut + 1..bytes.len());
    let reads = [&bytes[..first_cut], &bytes[first_cut..second_cut], &bytes[second_cut..]];
    reads.map(|read| Buffer::from(read.to_vec())).into()
}

/// Up to two bytes between frames, sometimes the end of a frame that has not begun.
fn ignored(random: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(0..=2) {
        bytes.push(if random.u8(0..6) == 0 { END } else { one_of(random, PLAIN) });
    }
}

fn frame(random: &mut Rng, bytes: &mut Vec<u8>) {
    bytes.push(START);
    for _ in 0..random.usize(2..=4) {
        let kind = if random.u8(0..4) == 0 { SURPRISES } else { PLAIN };
        bytes.push(one_of(random, kind));
    }
    bytes.push(END);
}

fn one_of(random: &mut Rng, bytes: &[u8]) -> u8 {
    bytes[random.usize(..bytes.len())]
}
