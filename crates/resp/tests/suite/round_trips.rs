//! What is encoded is decoded as it was.

use std::iter;

use proptest::collection::vec;
use proptest::prelude::*;
use resp::{Reply, append_command};

use crate::{commands, replies};

const MOST: usize = 1 << 20;

fn reply() -> impl Strategy<Value = Reply> {
    let line = || vec(any::<u8>().prop_filter("it ends a line", |byte| !b"\r\n".contains(byte)), 0..20);
    let leaf = prop_oneof![
        line().prop_map(Reply::Simple),
        line().prop_map(Reply::Error),
        any::<i64>().prop_map(Reply::Integer),
        vec(any::<u8>(), 0..20).prop_map(Reply::Bulk),
        Just(Reply::Nil),
        Just(Reply::NilArray),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| vec(inner, 0..5).prop_map(Reply::Array))
}

proptest! {
    #[test]
    fn a_reply_is_decoded_as_it_was_encoded_byte_by_byte(all in vec(reply(), 0..5)) {
        let mut bytes = Vec::new();
        for reply in &all {
            reply.append_to(&mut bytes);
        }
        prop_assert_eq!(replies(bytes.chunks(1), MOST), (all, None));
    }

    #[test]
    fn a_command_is_decoded_as_it_was_encoded_byte_by_byte(
        all in vec(vec(vec(any::<u8>(), 0..20), 1..5), 0..5),
    ) {
        let mut bytes = Vec::new();
        for command in &all {
            let arguments: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            append_command(&arguments, &mut bytes);
        }
        prop_assert_eq!(commands(bytes.chunks(1), MOST), (all, None));
    }
}

#[test]
fn a_line_that_would_end_early_is_kept_on_one_line() {
    let mut bytes = Vec::new();
    Reply::error("ERR a\r\n+OK").append_to(&mut bytes);
    assert_eq!(bytes, b"-ERR a  +OK\r\n");
    assert_eq!(replies(iter::once(bytes.as_slice()), MOST).0, [Reply::error("ERR a  +OK")]);
}
