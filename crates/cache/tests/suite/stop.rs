//! A request to stop: what has been received is answered.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::Duration;

use chassis::Options;
use resp::Reply;

use crate::server::{Client, SETTINGS, Server, ok, with_latency};

#[test]
fn requests_that_wait_for_their_latency_are_answered_and_then_everybody_is_closed() {
    let server = Server::start(with_latency(1_500));
    let (mut idle, mut asking) = (server.client(), server.client());
    // Both have been accepted once the first answer is there.
    assert_eq!(idle.answer("ping"), Reply::simple("PONG"));
    asking.ask(&["set a b", "get a"]);
    assert_eq!(asking.reply().unwrap(), ok());
    asking.ask(&["get a", "ping"]);
    server.shutdown.request();
    assert_eq!(asking.rest().unwrap(), b"$1\r\nb\r\n$1\r\nb\r\n+PONG\r\n");
    assert_eq!(idle.rest().unwrap(), b"");
    drop(asking);
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.completed, summary.dropped), (2, 2, 0), "{summary}");
}

#[test]
fn a_client_that_has_waited_for_its_answer_since_long_before_gets_it() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    client.ask(&["fault slow 2000", "get a"]);
    assert_eq!(client.reply().unwrap(), ok());
    // Longer than a client is silent that is closed at once. If its answer comes meanwhile, it stays in the socket.
    client.socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let _ = client.socket.peek(&mut [0]);
    client.socket.set_read_timeout(Some(crate::server::PATIENCE)).unwrap();
    server.shutdown.request();
    assert_eq!(client.rest().unwrap(), b"$-1\r\n");
    drop(client);
    assert_eq!(server.stop().completed, 1);
}

#[test]
fn nobody_is_accepted_any_more() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    assert_eq!(client.answer("ping"), Reply::simple("PONG"));
    server.shutdown.request();
    assert_eq!(client.rest().unwrap(), b"");
    let refused = Client::at(server.address).err().map(|error| error.kind());
    assert!(
        matches!(refused, Some(ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)),
        "{refused:?}"
    );
}

#[test]
fn an_answer_that_is_not_due_at_the_deadline_is_dropped_and_counted() {
    let options = Options { drain_timeout: Duration::from_millis(200), ..Options::default() };
    let server = Server::with_options(SETTINGS, options);
    let mut client = server.client();
    client.ask(&["fault slow 600000", "get a"]);
    assert_eq!(client.reply().unwrap(), ok());
    let summary = server.stop();
    assert_eq!((summary.dropped, summary.completed), (1, 0), "{summary}");
}

#[test]
fn a_client_that_talks_on_is_answered_for_half_of_the_time() {
    let options = Options { drain_timeout: Duration::from_secs(2), ..Options::default() };
    let server = Server::with_options(SETTINGS, options);
    let mut client = server.client();
    assert_eq!(client.answer("ping"), Reply::simple("PONG"));
    server.shutdown.request();
    let mut answers = 0;
    loop {
        client.ask(&["ping"]);
        match client.reply() {
            Ok(reply) => assert_eq!(reply, Reply::simple("PONG")),
            Err(error) => break assert_eq!(error.kind(), ErrorKind::UnexpectedEof),
        }
        answers += 1;
    }
    assert!(answers > 0, "it is answered after the request to stop");
    drop(client);
    assert_eq!(server.stop().completed, 1);
}

#[test]
fn a_client_that_closes_its_side_gets_the_answers_to_what_it_sent() {
    let server = Server::start(with_latency(20));
    let mut client = server.client();
    client.send(b"ping\nset a b\nget a\nget");
    client.socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest().unwrap(), b"+PONG\r\n+OK\r\n$1\r\nb\r\n");
    assert_eq!(server.stop().completed, 1);
}

#[test]
fn a_client_that_vanishes_costs_only_itself() {
    // None of them is there any more when its answers are due.
    let server = Server::start(with_latency(200));
    let mut good = server.client();
    for _ in 0..50 {
        let mut client = server.client();
        client.ask(&["ping"; 100]);
        socket2::SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }
    assert_eq!(good.answer("ping"), Reply::simple("PONG"));
    drop(good);
    let summary = server.stop();
    assert_eq!(summary.accepted, 51);
    assert_eq!(summary.accepted, summary.completed + summary.errors, "{summary}");
}
