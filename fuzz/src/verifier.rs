//! The verifier against a comparison of whole streams: a correct stream passes however it is split, and a damaged one is
//! rejected at its first difference. Also checks the framing of requests.

use protocol::{GREETING, Mismatch, Verifier, append_frame, append_frame_reply};

use crate::script::{Script, cut};
use crate::specification;

/// Longer replies only take more time.
const LONGEST_REPLY: usize = 64;
/// Enough to cross several boundaries between replies.
const MOST_REQUESTS: usize = 7;

/// Interprets the input as a reply, its number of repetitions, the damage to the stream, and splits.
///
/// # Panics
/// If a correct stream is rejected, or a damaged one is accepted or rejected for another reason than its first
/// difference.
pub fn check(input: &[u8]) {
    let script = Script::from_bytes(input);
    let &[requests, how, at, byte, ref payload @ ..] = script.stream else { return };
    let payload = &payload[..payload.len().min(LONGEST_REPLY)];
    check_frame(payload);

    let requests = usize::from(requests) % (MOST_REQUESTS + 1);
    let right = [&[GREETING], payload.repeat(requests).as_slice()].concat();
    let cuts: Vec<u8> = script.pieces().map(|piece| u8::try_from(piece.len()).unwrap_or(u8::MAX)).collect();
    check_progress(&right, payload, requests, &cuts);

    let damaged = damage(&right, how, usize::from(at) % right.len(), byte);
    let owed = right.len() as u64 - 1;
    let expected = by_comparing(&damaged, &right, owed);
    assert_eq!(damaged == right, expected.is_ok(), "only one stream is correct");
    let got = verdict(&damaged, payload, requests, &cuts);
    assert_eq!(got, expected, "{} instead of {}", damaged.escape_ascii(), right.escape_ascii());
}

/// A payload that can be framed gets the reply of the specification, any other is rejected.
fn check_frame(payload: &[u8]) {
    let mut request = b"before".to_vec();
    let framed = append_frame(payload, &mut request);
    if let Some(end) = payload.iter().position(|&byte| byte == b'$') {
        assert_eq!(framed.map_err(|error| error.position), Err(end));
        assert_eq!(request, b"before", "a rejected payload appends nothing");
    } else {
        assert_eq!(framed, Ok(()));
        let mut reply = Vec::new();
        append_frame_reply(payload, &mut reply);
        assert_eq!(reply, specification::reply(&request));
        assert!(!specification::ends_in_frame(&request));
    }
}

/// The correct stream passes, and the verifier's counters agree with the number of bytes after each piece.
fn check_progress(right: &[u8], reply: &[u8], requests: usize, cuts: &[u8]) {
    let mut verifier = Verifier::new(reply);
    verifier.owe(requests as u64);
    let (mut arrived, mut complete) = (0, 0);
    for piece in cut(right, cuts) {
        complete += verifier
            .check(piece)
            .unwrap_or_else(|mismatch| panic!("a correct stream was rejected: {mismatch}"));
        arrived += piece.len();
        let received = arrived.saturating_sub(1);
        assert_eq!(verifier.greeted(), arrived > 0);
        assert_eq!(verifier.received(), received as u64);
        assert_eq!(verifier.outstanding(), (right.len() - 1 - received) as u64);
        assert_eq!(complete, received.checked_div(reply.len()).unwrap_or(0) as u64);
        assert_eq!(verifier.finish().is_ok(), arrived == right.len());
    }
}

/// Changes, drops or adds one byte, or truncates the stream; a change to the same value leaves it correct.
fn damage(right: &[u8], how: u8, at: usize, byte: u8) -> Vec<u8> {
    let (before, rest) = right.split_at(at);
    match how % 4 {
        0 => [before, &[byte], &rest[1..]].concat(),
        1 => [before, &rest[1..]].concat(),
        2 => [before, &[byte], rest].concat(),
        _ => before.to_vec(),
    }
}

/// The verdict from comparing two whole streams: the first difference decides.
fn by_comparing(stream: &[u8], right: &[u8], owed: u64) -> Result<(), Mismatch> {
    let same = stream.iter().zip(right).take_while(|(got, expected)| got == expected).count();
    let received = (same as u64).saturating_sub(1);
    match (stream.get(same), right.get(same)) {
        (None, None) => Ok(()),
        (Some(&got), Some(_)) if same == 0 => Err(Mismatch::Greeting { got }),
        (Some(&got), Some(&expected)) => Err(Mismatch::Wrong { offset: received, expected, got }),
        (Some(&got), None) => Err(Mismatch::Extra { owed, got }),
        (None, Some(_)) => Err(Mismatch::Missing { received, owed, greeted: same > 0 }),
    }
}

fn verdict(stream: &[u8], reply: &[u8], requests: usize, cuts: &[u8]) -> Result<(), Mismatch> {
    let mut verifier = Verifier::new(reply);
    verifier.owe(requests as u64);
    for piece in cut(stream, cuts) {
        verifier.check(piece)?;
    }
    verifier.finish()
}
