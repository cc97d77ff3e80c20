//! The state machine against the specification: any stream, split anywhere, fed in every possible way.

use protocol::Session;

use crate::script::Script;
use crate::specification;

/// Feeds the input's stream piece by piece, in place, appended, and step by step.
///
/// # Panics
/// If the reply or the state between two pieces differs from the specification in any of these ways.
pub fn check(input: &[u8]) {
    let script = Script::from_bytes(input);
    let (mut in_place, mut appending, mut tracing) = (Session::new(), Session::new(), Session::new());
    let (mut from_in_place, mut from_appending, mut from_tracing) = (Vec::new(), Vec::new(), Vec::new());
    let mut fed = 0;
    for piece in script.pieces() {
        let mut buffer = piece.to_vec();
        let length = in_place.transform_in_place(&mut buffer);
        from_in_place.extend_from_slice(&buffer[..length]);
        appending.append_reply(piece, &mut from_appending);
        from_tracing.extend(tracing.trace(piece).filter_map(|transition| transition.output));

        fed += piece.len();
        let expected = specification::reply(&script.stream[..fed]);
        let so_far = script.stream[..fed].escape_ascii();
        assert_eq!(from_in_place, expected, "in place, after {so_far}");
        assert_eq!(from_appending, expected, "appended, after {so_far}");
        assert_eq!(from_tracing, expected, "traced, after {so_far}");
        let in_frame = specification::ends_in_frame(&script.stream[..fed]);
        for session in [&in_place, &appending, &tracing] {
            assert_eq!(session.in_frame(), in_frame, "the state after {so_far}");
        }
    }
}
