//! Which stamps belong to which replies, and what counts as written.

use std::net::TcpListener;
use std::time::Duration;

use super::*;
use crate::message::messages;
use crate::scenario::Scenario;

/// The calls that [`Connection::complete`] makes for this many replies.
fn completed(connection: &mut Connection, replies: u64) -> Vec<(Instant, Option<Instant>, u64)> {
    let mut calls = Vec::new();
    connection.complete(replies, |stamp, messages| calls.push((stamp.due, stamp.written, messages)));
    calls
}

/// A connection and its peer, which does not read.
fn connection(message: &Message) -> (Connection<'_>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    stream.set_nonblocking(true).expect("a socket");
    let (peer, _) = listener.accept().expect("a client");
    (Connection::new(stream, Some(message), Dialect::Protocol, 1), peer)
}

fn assert_nothing_is_left(connection: &Connection) {
    assert!(connection.in_flight.is_empty(), "{:?}", connection.in_flight);
}

#[test]
fn messages_that_were_due_together_are_completed_in_parts_and_in_order() {
    let message = messages(&Scenario::default()).unwrap().remove(0);
    let (mut connection, _peer) = connection(&message);
    let first = Instant::now();
    let (second, written) = (first + Duration::from_millis(1), first + Duration::from_millis(2));
    connection.queue(3, Stamp::now(first));
    connection.flush(written).unwrap();
    assert_eq!(completed(&mut connection, 2), [(first, Some(written), 2)]);
    connection.queue(2, Stamp::now(second));
    assert_eq!(connection.in_flight(), 3);
    assert_eq!(connection.unanswered().filter(|stamp| stamp.written.is_some()).count(), 1);
    let later = written + Duration::from_millis(1);
    connection.flush(later).unwrap();
    assert_eq!(completed(&mut connection, 3), [(first, Some(written), 1), (second, Some(later), 2)]);
    assert_eq!(completed(&mut connection, 1), []);
    assert_nothing_is_left(&connection);
}

#[test]
fn a_reply_may_be_complete_before_its_request_is_written() {
    let message = messages(&Scenario::default()).unwrap().remove(0);
    let (mut connection, _peer) = connection(&message);
    let due = Instant::now();
    connection.queue(1, Stamp::now(due));
    assert_eq!(completed(&mut connection, 1), [(due, None, 1)]);
    // The next one still gets a stamp of its own.
    connection.queue(1, Stamp::now(due));
    connection.flush(due).unwrap();
    assert_eq!(completed(&mut connection, 1), [(due, Some(due), 1)]);
    assert_nothing_is_left(&connection);
}

#[test]
fn only_whole_messages_count_as_written_to_a_full_socket() {
    let scenario = Scenario { payload_bytes: 1 << 20, ..Scenario::default() };
    let message = messages(&scenario).unwrap().remove(0);
    let (mut connection, _peer) = connection(&message);
    let due = Instant::now();
    for _ in 0..64 {
        connection.queue(1, Stamp::now(due));
    }
    // The peer does not read: 64 MiB exceed what both sockets buffer.
    connection.flush(due).unwrap();
    let written = connection.unanswered().filter(|stamp| stamp.written.is_some()).count();
    let Says::Repeated(repeated) = &connection.says else { panic!("a message is repeated") };
    let whole = 64 - repeated.unsent.div_ceil(message.request_bytes);
    assert_eq!(written, whole);
    assert!(repeated.unsent > 0, "the socket must be full for the test to be able to fail");
}
