//! What is said to a server of each service, and what it must answer.

use conformance::{Service, prime_answers};
use fastrand::Rng;
use protocol::{GREETING, Session};

use crate::PANIC_AT;

/// Bytes of a message of a flood, at most; of others.
const FLOOD: usize = 100_000;
const SHORT: usize = 50;
/// Lines of a flood, at most; of others. Each is a test and an answer.
const FLOOD_OF_LINES: usize = 3_000;
const LINES: usize = 6;

/// What the server says first.
pub(crate) fn greeting(service: Service) -> &'static [u8] {
    match service {
        Service::Echo => &[GREETING],
        Service::Primes => b"",
    }
}

/// A message, or a few lines. The first one has an answer.
pub(crate) fn message(service: Service, is_flood: bool, random: &mut Rng) -> Vec<u8> {
    match service {
        Service::Echo => {
            let mut bytes = vec![b'x'; random.usize(..4)]; // between messages
            bytes.push(b'^');
            let length = random.usize(..if is_flood { FLOOD } else { SHORT });
            bytes.extend((0..length).map(|_| random.u8(..)).filter(|&byte| byte != PANIC_AT));
            bytes.push(b'$');
            bytes
        }
        Service::Primes => {
            let count = random.usize(1..=if is_flood { FLOOD_OF_LINES } else { LINES });
            let line = |_| match random.u8(..20) {
                0 => "\n".to_owned(),
                1 => "+7\r\n".to_owned(),
                // The smallest prime above 10^12: a millisecond.
                2 if !is_flood => "1000000000039\n".to_owned(),
                _ => format!("{}\n", random.u64(..2_000)),
            };
            (0..count).map(line).collect::<String>().into_bytes()
        }
    }
}

/// What follows the last whole message: nothing, or a line without its end.
pub(crate) fn rest(service: Service, random: &mut Rng) -> &'static [u8] {
    if service == Service::Primes && random.bool() { b"13" } else { b"" }
}

/// All that must be answered, without the greeting, once these bytes have come, and perhaps the end of the stream.
pub(crate) fn reply(service: Service, request: &[u8], has_ended: bool) -> Vec<u8> {
    match service {
        Service::Echo => {
            let mut reply = Vec::new();
            Session::new().append_reply(request, &mut reply);
            reply
        }
        Service::Primes => prime_answers(request, has_ended),
    }
}
