//! Building requests and the replies they must get.

use proptest::prelude::*;
use protocol::{PayloadError, Session, append_frame, append_frame_reply};

use super::naive::{self, any_bytes};

proptest! {
    #[test]
    fn a_frame_is_answered_with_the_reply_that_was_built_for_it(
        before in any_bytes(8),
        payload in any_bytes(300).prop_map(without_end_delimiter),
    ) {
        let mut request = before.clone();
        append_frame(&payload, &mut request).unwrap();
        prop_assert!(request.starts_with(&before));
        let frame = &request[before.len()..];
        let mut predicted = before.clone();
        append_frame_reply(&payload, &mut predicted);
        prop_assert!(predicted.starts_with(&before));
        let predicted = &predicted[before.len()..];

        prop_assert_eq!(predicted, naive::reply(frame));
        let mut session = Session::new();
        let mut answered = Vec::new();
        session.append_reply(frame, &mut answered);
        prop_assert_eq!(predicted, answered);
        prop_assert!(!session.in_frame());
    }

    #[test]
    fn a_payload_with_an_end_delimiter_is_rejected_and_nothing_is_appended(
        start in any_bytes(20).prop_map(without_end_delimiter),
        end in any_bytes(20),
    ) {
        let payload = [&start[..], b"$", &end].concat();
        let mut request = b"kept".to_vec();
        let error = append_frame(&payload, &mut request);
        prop_assert_eq!(error, Err(PayloadError { position: start.len() }));
        prop_assert_eq!(request, b"kept");
    }
}

fn without_end_delimiter(mut payload: Vec<u8>) -> Vec<u8> {
    payload.retain(|&byte| byte != b'$');
    payload
}

#[test]
fn an_empty_payload_is_a_frame_without_reply() {
    let mut request = Vec::new();
    append_frame(b"", &mut request).unwrap();
    assert_eq!(request, b"^$");
    assert_eq!(naive::reply(&request), b"");
}

#[test]
fn the_error_names_the_position_and_the_rule() {
    let error = append_frame(b"ab$c", &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "payload byte 2 is '$', which would end the frame there; a payload may contain any byte but '$'"
    );
}
