//! A peer that announces much costs nothing, and one that breaks the protocol is told how.

use std::iter::once;

use resp::{CommandDecoder, CommandError, MOST_IN_A_LINE, Reply, ReplyDecoder, ReplyError};

use crate::{commands, replies};

#[test]
fn a_reply_may_be_as_large_as_the_limit_and_no_larger() {
    let value = size_of::<Reply>();
    for (stream, size) in [
        (&b"+12345\r\n"[..], value + 5),
        (b"$5\r\n12345\r\n", value + 5),
        (b":7\r\n", value + 1), // the line of a number counts while it arrives
        (b"*2\r\n$1\r\na\r\n$2\r\nbc\r\n", 3 * value + 3),
    ] {
        assert_eq!(replies(once(stream), size).1, None, "{}", stream.escape_ascii());
        let refused = replies(once(stream), size - 1);
        assert_eq!(refused, (vec![], Some(ReplyError::Long)), "{}", stream.escape_ascii());
    }
    let many = b"+12345\r\n".repeat(100);
    assert_eq!(replies(once(many.as_slice()), value + 5).0.len(), 100, "the limit is for each");
}

#[test]
fn what_is_announced_is_refused_before_it_arrives() {
    for (stream, error) in [
        (&b"$1001\r\n"[..], ReplyError::Long),
        (b"*1001\r\n", ReplyError::Long),
        (b"*9223372036854775807\r\n", ReplyError::Long),
    ] {
        assert_eq!(replies(once(stream), 1000).1, Some(error), "{}", stream.escape_ascii());
    }
    for (stream, error) in [
        (&b"*1001\r\n"[..], CommandError::Count),
        (b"*9223372036854775807\r\n", CommandError::Count),
        (b"*1\r\n$1001\r\n", CommandError::Length),
        (b"*2\r\n$600\r\n", CommandError::End(b'x')),
    ] {
        let stream = [stream, &[b'x'; 700]].concat();
        assert_eq!(commands(once(stream.as_slice()), 1000).1, Some(error), "{}", stream.escape_ascii());
    }
    let two = [b"*2\r\n$600\r\n".as_slice(), &[b'x'; 600], b"\r\n$600\r\n"].concat();
    assert_eq!(commands(once(two.as_slice()), 1000).1, Some(CommandError::Length), "both together");
}

#[test]
fn a_line_without_an_end_is_refused_at_the_limit_of_redis() {
    for (start, error) in [
        (&b"*"[..], CommandError::LongCount),
        (b"*1\r\n", CommandError::LongLength),
        (b"", CommandError::LongInline),
    ] {
        // The `$` of a length stands in its line.
        let line = if start == b"*1\r\n" { vec![b'$'; MOST_IN_A_LINE] } else { vec![b'1'; MOST_IN_A_LINE] };
        assert_eq!(commands([start, &line], 1 << 20), (vec![], None));
        assert_eq!(commands([start, &line, b"1"], 1 << 20), (vec![], Some(error)));
    }
}

#[test]
fn arrays_may_be_nested_to_a_depth_and_no_deeper() {
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n".to_vec()].concat();
    let most = resp::MOST_DEPTH;
    assert_eq!(replies(once(nested(most).as_slice()), 1 << 20).1, None);
    assert_eq!(replies(once(nested(most + 1).as_slice()), 1 << 20).1, Some(ReplyError::Deep));
}

#[test]
fn after_an_error_nothing_is_decoded_any_more() {
    let mut decoder = ReplyDecoder::new(1000);
    let mut input: &[u8] = b"?\r\n+OK\r\n";
    assert_eq!(decoder.decode(&mut input), Err(ReplyError::Kind(b'?')));
    let mut input: &[u8] = b"+OK\r\n";
    assert_eq!(decoder.decode(&mut input), Err(ReplyError::Kind(b'?')));

    let mut decoder = CommandDecoder::new(1000);
    let mut input: &[u8] = b"*1\r\n!";
    assert_eq!(decoder.decode(&mut input), Err(CommandError::Kind(b'!')));
    let mut input: &[u8] = b"*1\r\n$4\r\nPING\r\n";
    assert_eq!(decoder.decode(&mut input), Err(CommandError::Kind(b'!')));
}

#[test]
fn a_decoder_knows_whether_the_end_of_the_stream_would_cut_a_reply() {
    let is_within = |stream: &[u8]| {
        let (mut decoder, mut input) = (ReplyDecoder::new(1000), stream);
        while decoder.decode(&mut input).unwrap().is_some() {}
        decoder.is_within()
    };
    assert!(!is_within(b"") && !is_within(b"+OK\r\n"));
    for cut in [&b"$"[..], b"$1", b"$1\r", b"$1\r\n", b"$1\r\na\r", b"*1\r\n", b"*2\r\n:1\r\n"] {
        assert!(is_within(cut), "{}", cut.escape_ascii());
    }
}

#[test]
fn errors_name_the_byte_and_speak_as_redis_does() {
    for (error, text) in [
        (ReplyError::Kind(b'H').to_string(), "a reply begins with 'H', which no kind of RESP2 value does"),
        (ReplyError::End(b'\n').to_string(), "'\\n' where \\r\\n must end a line or a byte string"),
        (CommandError::Kind(b'P').to_string(), "expected '$', got 'P'"),
        (CommandError::End(0).to_string(), "expected CRLF, got '\\x00'"),
    ] {
        assert_eq!(error, text);
    }
}
