//! The message that one connection repeats, and the reply it must get each time.

use protocol::{append_frame, append_frame_reply};

use crate::scenario::{Dialect, Scenario};

/// Different messages in use at once. Neighbouring connections send different ones, so that a server that mixes
/// up two connections is detected. There are few of them to save memory when messages are large.
const VARIANTS: usize = 8;

/// Size of the buffer of repeated requests, so that many small messages are sent in one write.
const BATCH_BYTES: usize = 64 * 1024;

/// One message: the request and its reply.
#[derive(Debug)]
pub(crate) struct Message {
    /// The request, repeated: a connection sends this buffer over and over.
    pub(crate) batch: Vec<u8>,
    /// Size of one request in bytes.
    pub(crate) request_bytes: usize,
    /// The reply to one request.
    pub(crate) reply: Vec<u8>,
}

/// The messages of a scenario; connection number `n` uses the one at `n % len`. None for the prime service, which is asked numbers.
pub(crate) fn messages(scenario: &Scenario) -> anyhow::Result<Vec<Message>> {
    if scenario.dialect == Dialect::Primes {
        return Ok(Vec::new());
    }
    let variants = VARIANTS.min(scenario.payload_bytes);
    (0..variants)
        .map(|variant| {
            let mut payload: Vec<u8> = alphabet().cycle().take(scenario.payload_bytes).collect();
            payload.rotate_left(variant * scenario.payload_bytes / variants);
            Message::new(&payload, scenario)
        })
        .collect()
}

impl Message {
    fn new(payload: &[u8], scenario: &Scenario) -> anyhow::Result<Self> {
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        match scenario.dialect {
            Dialect::Protocol => {
                append_frame(payload, &mut request)?;
                append_frame_reply(payload, &mut reply);
            }
            Dialect::Echo | Dialect::Primes => {
                request.extend_from_slice(payload);
                reply.extend_from_slice(payload);
            }
        }
        let repeats = (BATCH_BYTES / request.len()).clamp(1, scenario.depth);
        Ok(Message { batch: request.repeat(repeats), request_bytes: request.len(), reply })
    }
}

/// Every byte but `$`, which would end a frame. The special ones come first, so that short payloads contain
/// them: 0xFF, which must wrap; `^`, which is data inside a frame; `#`, whose reply looks like the end
/// delimiter.
fn alphabet() -> impl Iterator<Item = u8> + Clone {
    let special = [0xFF, protocol::START, protocol::END - 1];
    let plain = (0..=0xFF).filter(move |byte| *byte != protocol::END && !special.contains(byte));
    special.into_iter().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload_bytes: usize, depth: usize, dialect: Dialect) -> Vec<Message> {
        messages(&Scenario { dialect, payload_bytes, depth, ..Scenario::default() }).unwrap()
    }

    #[test]
    fn payloads_hold_every_byte_but_the_end_delimiter() {
        let mut alphabet: Vec<u8> = alphabet().collect();
        alphabet.sort_unstable();
        assert_eq!(alphabet, (0..=0xFF).filter(|byte| *byte != b'$').collect::<Vec<u8>>());
    }

    #[test]
    fn short_payloads_exercise_the_wrap_and_both_look_alikes_in_every_variant() {
        for message in of(3, 1, Dialect::Protocol) {
            assert_eq!(message.request_bytes, 5);
            for byte in [0xFF, b'^', b'#'] {
                assert!(message.batch[1..4].contains(&byte));
            }
            for byte in [0x00, b'_', b'$'] {
                assert!(message.reply.contains(&byte));
            }
        }
    }

    #[test]
    fn variants_differ_in_their_first_byte() {
        let messages = of(64, 1, Dialect::Protocol);
        assert_eq!(messages.len(), VARIANTS);
        for (index, message) in messages.iter().enumerate() {
            assert!(messages[..index].iter().all(|other| other.reply[0] != message.reply[0]));
        }
    }

    #[test]
    fn a_batch_holds_whole_requests_and_no_more_than_are_in_flight() {
        assert_eq!(of(64, 4, Dialect::Protocol)[0].batch.len(), 4 * 66);
        assert_eq!(of(65_536, 4, Dialect::Protocol)[0].batch.len(), 65_538);
        assert_eq!(of(64, 1024, Dialect::Echo)[0].batch.len(), 64 * 1024);
    }

    #[test]
    fn an_echo_is_its_own_reply() {
        for message in of(64, 1, Dialect::Echo) {
            assert_eq!(message.batch, message.reply);
        }
    }
}
