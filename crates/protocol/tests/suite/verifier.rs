//! Any stream, any splits: the verifier's verdict equals that of comparing whole streams.

use proptest::prelude::*;
use protocol::{Mismatch, Verifier};

use super::naive::{any_bytes, any_cuts, cut};

/// What a server must send: the greeting, then the reply once per request.
fn correct_stream(reply: &[u8], requests: usize) -> Vec<u8> {
    [b"*".to_vec(), reply.repeat(requests)].concat()
}

/// The verdict from comparing two whole streams: the first difference decides.
fn naive_verdict(stream: &[u8], reply: &[u8], requests: usize) -> Result<(), Mismatch> {
    let right = correct_stream(reply, requests);
    let owed = right.len() as u64 - 1;
    let same = stream.iter().zip(&right).take_while(|(got, expected)| got == expected).count();
    match (stream.get(same), right.get(same)) {
        (None, None) => Ok(()),
        (Some(&got), Some(_)) if same == 0 => Err(Mismatch::Greeting { got }),
        (Some(&got), Some(&expected)) => Err(Mismatch::Wrong { offset: same as u64 - 1, expected, got }),
        (Some(&got), None) => Err(Mismatch::Extra { owed, got }),
        (None, Some(_)) => {
            Err(Mismatch::Missing { received: (same as u64).saturating_sub(1), owed, greeted: same > 0 })
        }
    }
}

/// The verifier's verdict on `stream`, split into pieces of these lengths.
fn verdict(stream: &[u8], reply: &[u8], requests: usize, cuts: &[usize]) -> Result<(), Mismatch> {
    let mut verifier = Verifier::new(reply);
    verifier.owe(requests as u64);
    for piece in cut(stream, cuts) {
        verifier.check(piece)?;
    }
    verifier.finish()
}

/// How one byte of a stream is damaged.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Changed(u8),
    Dropped,
    Added(u8),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (1..=u8::MAX).prop_map(Damage::Changed),
        Just(Damage::Dropped),
        any::<u8>().prop_map(Damage::Added),
    ]
}

/// Damages `stream` at `position`; a change flips bits, so that the byte always differs.
fn damage(stream: &mut Vec<u8>, position: usize, how: Damage) {
    match how {
        Damage::Changed(bits) => stream[position] ^= bits,
        Damage::Dropped => drop(stream.remove(position)),
        Damage::Added(byte) => stream.insert(position, byte),
    }
}

proptest! {
    #[test]
    fn a_correct_stream_passes_however_it_is_split(
        reply in any_bytes(20), requests in 0_usize..20, cuts in any_cuts(),
    ) {
        let mut verifier = Verifier::new(&reply);
        verifier.owe(requests as u64);
        let owed = (reply.len() * requests) as u64;
        let mut arrived = 0;
        let mut complete = 0;
        for piece in cut(&correct_stream(&reply, requests), &cuts) {
            complete += verifier.check(piece).unwrap();
            arrived += piece.len() as u64;
            let received = arrived.saturating_sub(1);
            prop_assert_eq!(verifier.greeted(), arrived > 0);
            prop_assert_eq!(verifier.received(), received);
            prop_assert_eq!(verifier.outstanding(), owed - received);
            if !reply.is_empty() {
                prop_assert_eq!(complete, received / reply.len() as u64);
            }
        }
        prop_assert_eq!(verifier.finish(), Ok(()));
    }

    #[test]
    fn requests_can_be_added_one_by_one_while_replies_arrive(
        reply in any_bytes(20), requests in 0_usize..20,
    ) {
        let mut verifier = Verifier::new(&reply);
        prop_assert_eq!(verifier.check(b"*"), Ok(0));
        for _ in 0..requests {
            verifier.owe(1);
            prop_assert_eq!(verifier.check(&reply), Ok(u64::from(!reply.is_empty())));
            prop_assert_eq!(verifier.finish(), Ok(()));
        }
    }

    #[test]
    fn one_damaged_byte_is_found_at_its_position(
        reply in any_bytes(20),
        requests in 0_usize..6,
        cuts in any_cuts(),
        position in any::<prop::sample::Index>(),
        how in any_damage(),
    ) {
        let mut stream = correct_stream(&reply, requests);
        let position = position.index(stream.len());
        damage(&mut stream, position, how);
        let expected = naive_verdict(&stream, &reply, requests);
        // Only one stream is correct, so every damage is an error.
        prop_assert!(expected.is_err());
        prop_assert_eq!(verdict(&stream, &reply, requests, &cuts), expected);
        if let Damage::Changed(_) = how {
            let offset = match expected {
                Err(Mismatch::Greeting { .. }) => 0,
                Err(Mismatch::Wrong { offset, .. }) => offset + 1,
                other => panic!("a changed byte is wrong, neither missing nor extra: {other:?}"),
            };
            prop_assert_eq!(offset, position as u64);
        }
    }

    #[test]
    fn any_stream_gets_the_verdict_of_a_whole_comparison(
        reply in any_bytes(3), requests in 0_usize..3, stream in any_bytes(8), cuts in any_cuts(),
    ) {
        let stream = [b"*".to_vec(), stream].concat();
        for stream in [&stream[..], &stream[1..]] {
            prop_assert_eq!(
                verdict(stream, &reply, requests, &cuts),
                naive_verdict(stream, &reply, requests)
            );
        }
    }
}

#[test]
fn a_missing_greeting_is_reported_as_such() {
    assert_eq!(verdict(b"bcd", b"bcd", 1, &[]), Err(Mismatch::Greeting { got: b'b' }));
    assert_eq!(verdict(b"", b"bcd", 1, &[]), Err(Mismatch::Missing { received: 0, owed: 3, greeted: false }));
}

#[test]
fn a_truncated_reply_is_missing_and_the_error_says_how_much_arrived() {
    assert_eq!(
        verdict(b"*bcdbc", b"bcd", 2, &[]),
        Err(Mismatch::Missing { received: 5, owed: 6, greeted: true })
    );
}

#[test]
fn a_reply_without_a_request_is_extra() {
    assert_eq!(verdict(b"*b", b"b", 0, &[]), Err(Mismatch::Extra { owed: 0, got: b'b' }));
    assert_eq!(verdict(b"*bb", b"b", 1, &[]), Err(Mismatch::Extra { owed: 1, got: b'b' }));
}

#[test]
fn requests_without_reply_expect_only_the_greeting() {
    let mut verifier = Verifier::new(b"");
    verifier.owe(3);
    assert_eq!(verifier.finish(), Err(Mismatch::Missing { received: 0, owed: 0, greeted: false }));
    assert_eq!(verifier.check(b"*"), Ok(0));
    assert_eq!(verifier.outstanding(), 0);
    assert_eq!(verifier.finish(), Ok(()));
    assert_eq!(verifier.check(b"x"), Err(Mismatch::Extra { owed: 0, got: b'x' }));
}

#[test]
fn the_number_of_due_bytes_saturates() {
    let mut verifier = Verifier::new(b"bc");
    verifier.owe(u64::MAX);
    verifier.owe(1);
    assert_eq!(verifier.check(b"*bc"), Ok(1));
    assert_eq!(verifier.outstanding(), u64::MAX - 2);
}

#[test]
fn mismatches_have_readable_messages() {
    let messages = [
        (verdict(b"x", b"b", 1, &[]), "the server must greet with '*', but its first byte is 0x78"),
        (verdict(b"*\x00", b"b", 1, &[]), "reply byte 0 must be 0x62, but is 0x00"),
        (verdict(b"*bb", b"b", 1, &[]), "only 1 reply bytes were due, but another arrived: 0x62"),
        (verdict(b"*", b"b", 1, &[]), "the stream ended after 0 of 1 reply bytes (greeted: true)"),
    ];
    for (verdict, message) in messages {
        assert_eq!(verdict.unwrap_err().to_string(), message);
    }
}
