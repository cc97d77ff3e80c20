//! What is a request, and what is none.

use prime::{Framing, LONGEST, MOST_AT_ONCE, Request, Requests, Test};

fn number(number: u64) -> Request {
    Request::Number(Test::new(number))
}

/// The requests in one piece of a stream that goes on.
fn of(framing: Framing, bytes: &[u8]) -> Vec<Request> {
    let mut requests = Requests::new(framing);
    requests.receive(bytes);
    std::iter::from_fn(|| requests.take_next()).collect()
}

#[test]
fn a_number_is_one_to_twenty_digits_of_at_most_64_bits() {
    for (line, expected) in [
        (&b"0\n"[..], number(0)),
        (b"7\r\n", number(7)),
        (b"007\n", number(7)),
        (b"00000000000000000007\n", number(7)),
        (b"18446744073709551615\n", number(u64::MAX)),
        (b"18446744073709551616\n", Request::Nonsense),
        (b"99999999999999999999\n", Request::Nonsense),
        (b"000000000000000000007\n", Request::Nonsense),
        (b"\n", Request::Nonsense),
        (b"\r\n", Request::Nonsense),
        (b"7\r\r\n", Request::Nonsense),
        (b"\r7\n", Request::Nonsense),
        (b"+7\n", Request::Nonsense),
        (b"-7\n", Request::Nonsense),
        (b" 7\n", Request::Nonsense),
        (b"7 \n", Request::Nonsense),
        (b"7\0\n", Request::Nonsense),
        (b"1e3\n", Request::Nonsense),
        ("\u{667}\n".as_bytes(), Request::Nonsense),
        (b"\xFF\n", Request::Nonsense),
    ] {
        assert_eq!(of(Framing::Line, line), [expected], "{}", line.escape_ascii());
    }
}

#[test]
fn a_line_may_have_64_bytes_and_no_more() {
    let line = |length| [vec![b'1'; length], b"\n7\n".to_vec()].concat();
    assert_eq!(of(Framing::Line, &line(LONGEST)), [Request::Nonsense, number(7)]);
    assert_eq!(of(Framing::Line, &line(LONGEST + 1)), [Request::TooLong], "what follows is lost");
    let before = [&b"2\n"[..], &[b'x'; LONGEST + 1]].concat();
    assert_eq!(of(Framing::Line, &before), [number(2), Request::TooLong], "what came before is not");
}

#[test]
fn the_end_of_the_stream_ends_a_line_that_has_begun_and_no_other() {
    for (stream, expected) in [(&b"7"[..], vec![number(7)]), (b"7\n", vec![]), (b"", vec![])] {
        let mut requests = Requests::new(Framing::Line);
        requests.receive(stream);
        while requests.take_next().is_some() && stream == b"7\n" {}
        requests.end();
        assert_eq!(std::iter::from_fn(|| requests.take_next()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn where_a_read_is_a_request_it_may_lack_its_newline_or_have_several() {
    for (read, expected) in [
        (&b"7"[..], number(7)),
        (b"7\n", number(7)),
        (b"7\r\n\r\n", number(7)),
        (b"7\n9\n", Request::Nonsense),
        (b"\n", Request::Nonsense),
        (&[&b"7"[..], &[b'\n'; LONGEST - 1]].concat(), number(7)),
        (&[&b"7"[..], &[b'\n'; LONGEST]].concat(), Request::Nonsense),
    ] {
        assert_eq!(of(Framing::Read, read), [expected], "{}", read.escape_ascii());
    }
}

#[test]
fn where_a_read_is_a_request_the_end_of_the_stream_is_none() {
    let mut requests = Requests::new(Framing::Read);
    requests.receive(b"1");
    assert_eq!(requests.take_next(), Some(number(1)));
    requests.receive(b"0");
    assert_eq!(requests.take_next(), Some(number(0)), "not 10");
    requests.end();
    assert_eq!(requests.take_next(), None);
}

#[test]
fn a_client_is_amid_a_request_while_a_line_has_begun() {
    let mut requests = Requests::new(Framing::Line);
    assert!(!requests.is_amid());
    requests.receive(b"1\n2");
    assert_eq!(requests.take_next(), Some(number(1)));
    assert_eq!(requests.take_next(), None);
    assert!(requests.is_amid());
    requests.receive(b"\n");
    assert_eq!(requests.take_next(), Some(number(2)));
    assert!(!requests.is_amid());
}

#[test]
fn the_largest_read_and_an_unfinished_line_are_four_kibibytes() {
    assert_eq!(MOST_AT_ONCE + LONGEST, 4096);
}
