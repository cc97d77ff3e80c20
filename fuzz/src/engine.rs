//! The state machine against the specification: any stream, split anywhere, fed in every possible way.

use protocol::{Engine, Session};

use crate::script::Script;
use crate::specification;

/// One way to feed a session: its name, the session, and all that it has answered.
struct Way {
    name: &'static str,
    feed: fn(&mut Session, &[u8], &mut Vec<u8>),
    session: Session,
    replies: Vec<u8>,
}

/// Feeds the input's stream piece by piece, in place by each engine, appended, and step by step.
///
/// # Panics
/// If the reply or the state between two pieces differs from the specification in any of these ways.
pub fn check(input: &[u8]) {
    let script = Script::from_bytes(input);
    let mut ways = ways();
    let mut fed = 0;
    for piece in script.pieces() {
        fed += piece.len();
        let so_far = &script.stream[..fed];
        let expected = specification::reply(so_far);
        let in_frame = specification::ends_in_frame(so_far);
        for Way { name, feed, session, replies } in &mut ways {
            feed(session, piece, replies);
            assert_eq!(*replies, expected, "{name}, after {}", so_far.escape_ascii());
            assert_eq!(session.in_frame(), in_frame, "the state, {name}, after {}", so_far.escape_ascii());
        }
    }
}

fn ways() -> Vec<Way> {
    let way = |name, feed| Way { name, feed, session: Session::new(), replies: Vec::new() };
    vec![
        way("in place", |session, piece, replies| {
            in_place(|buffer| session.transform_in_place(buffer), piece, replies);
        }),
        way("in place, byte by byte", |session, piece, replies| {
            in_place(|buffer| session.transform_with(Engine::ByteLoop, buffer), piece, replies);
        }),
        way("appended", Session::append_reply),
        way("traced", |session, piece, replies| {
            replies.extend(session.trace(piece).filter_map(|transition| transition.output));
        }),
    ]
}

fn in_place(transform: impl FnOnce(&mut [u8]) -> usize, piece: &[u8], replies: &mut Vec<u8>) {
    let mut buffer = piece.to_vec();
    let length = transform(&mut buffer);
    replies.extend_from_slice(&buffer[..length]);
}
