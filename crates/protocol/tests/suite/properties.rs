//! Any bytes, any splits: all methods of a session agree with the specification and with each other.

use proptest::prelude::*;
use protocol::Session;

use super::naive::{self, any_bytes, any_cuts, cut};

proptest! {
    #[test]
    fn answering_in_place_agrees_with_the_specification(input in any_bytes(300), cuts in any_cuts()) {
        let mut session = Session::new();
        let mut replies = Vec::new();
        for piece in cut(&input, &cuts) {
            let mut buffer = piece.to_vec();
            let length = session.transform_in_place(&mut buffer);
            prop_assert!(length <= piece.len());
            replies.extend_from_slice(&buffer[..length]);
        }
        prop_assert_eq!(replies, naive::reply(&input));
        prop_assert_eq!(session.in_frame(), naive::ends_in_frame(&input));
    }

    #[test]
    fn appending_agrees_with_the_specification_and_keeps_the_existing_bytes(
        before in any_bytes(8),
        input in any_bytes(300),
        cuts in any_cuts(),
    ) {
        let mut session = Session::new();
        let mut replies = before.clone();
        for piece in cut(&input, &cuts) {
            session.append_reply(piece, &mut replies);
        }
        prop_assert_eq!(replies, [before, naive::reply(&input)].concat());
        prop_assert_eq!(session.in_frame(), naive::ends_in_frame(&input));
    }

    #[test]
    fn stepping_agrees_with_the_specification(input in any_bytes(300)) {
        let mut session = Session::new();
        let replies: Vec<u8> = input.iter().filter_map(|&byte| session.step(byte)).collect();
        prop_assert_eq!(replies, naive::reply(&input));
        prop_assert_eq!(session.in_frame(), naive::ends_in_frame(&input));
    }

    #[test]
    fn a_trace_contains_every_byte_once_and_its_states_connect(
        input in any_bytes(300),
        cuts in any_cuts(),
    ) {
        let mut session = Session::new();
        let mut transitions = Vec::new();
        for piece in cut(&input, &cuts) {
            let trace = session.trace(piece);
            prop_assert_eq!(trace.len(), piece.len());
            transitions.extend(trace);
        }
        let bytes: Vec<u8> = transitions.iter().map(|transition| transition.byte).collect();
        prop_assert_eq!(bytes, input.clone());
        let outputs: Vec<u8> = transitions.iter().filter_map(|transition| transition.output).collect();
        prop_assert_eq!(outputs, naive::reply(&input));
        let mut state = "WaitForMsg";
        for (index, transition) in transitions.iter().enumerate() {
            prop_assert_eq!(transition.state.as_str(), state);
            state = transition.next.as_str();
            prop_assert_eq!(state == "InMsg", naive::ends_in_frame(&input[..=index]));
        }
    }

    #[test]
    fn a_trace_that_is_dropped_early_feeds_only_the_taken_bytes(input in any_bytes(40), taken in 0_usize..40) {
        let mut session = Session::new();
        session.trace(&input).take(taken).for_each(drop);
        let fed = &input[..taken.min(input.len())];
        prop_assert_eq!(session.in_frame(), naive::ends_in_frame(fed));
    }
}
