//! Each answer comes a latency after its request has arrived.

use std::io::Read;
use std::time::{Duration, Instant};

use cache::{Cache, Session, Settings};
use resp::Reply;

use crate::server::{SETTINGS, Server, ok, with_latency};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a session says at this moment, as text; all of it that is due.
fn due(session: &mut Session, now: Instant, cache: &mut Cache) -> Vec<String> {
    let next = || session.take_due(now, cache).map(|due| String::from_utf8(due.bytes).unwrap());
    std::iter::from_fn(next).collect()
}

#[test]
fn what_arrives_together_is_answered_together_one_latency_later_and_not_before() {
    let (mut cache, start) = (Cache::new(&with_latency(5)), Instant::now());
    let mut session = Session::new(start);
    session.receive(b"ping\nset a b\nget a\n", start, &mut cache);
    assert_eq!(session.next_due(), Some(start + ms(5)));
    assert!(due(&mut session, start + Duration::from_nanos(4_999_999), &mut cache).is_empty());
    let answers = due(&mut session, start + ms(5), &mut cache);
    assert_eq!(answers, ["+PONG\r\n+OK\r\n$1\r\nb\r\n"], "one batch");
    assert_eq!(session.next_due(), None);
}

#[test]
fn a_request_need_not_wait_for_the_answer_to_the_one_before() {
    let (mut cache, start) = (Cache::new(&with_latency(5)), Instant::now());
    let mut session = Session::new(start);
    for late in 0..3 {
        session.receive(b"ping\n", start + ms(late), &mut cache);
    }
    // A request that is cut arrives with its last byte.
    session.receive(b"pi", start + ms(3), &mut cache);
    session.receive(b"ng\n", start + ms(9), &mut cache);
    for after in [5, 6, 7, 14] {
        assert_eq!(session.next_due(), Some(start + ms(after)));
        assert_eq!(due(&mut session, start + ms(after), &mut cache).len(), 1);
    }
}

#[test]
fn jitter_moves_answers_within_its_bounds_in_both_directions_and_lets_none_overtake_another() {
    let settings = Settings { jitter: ms(2), ..with_latency(5) };
    let (mut cache, start) = (Cache::new(&settings), Instant::now());
    let (mut earlier, mut later) = (0, 0);
    for _ in 0..1_000 {
        let mut session = Session::new(start);
        session.receive(b"ping\n", start, &mut cache);
        let latency = session.next_due().unwrap() - start;
        assert!(latency >= ms(3) && latency <= ms(7), "{latency:?}");
        earlier += u32::from(latency < ms(4));
        later += u32::from(latency > ms(6));
    }
    // A quarter of them each, on average.
    assert!((150..350).contains(&earlier) && (150..350).contains(&later), "{earlier} and {later}");

    let mut session = Session::new(start);
    let moments = (0..1_000).map(|number| start + Duration::from_micros(number));
    moments.for_each(|now| session.receive(b"ping\n", now, &mut cache));
    let mut last = start;
    let mut answers = 0;
    while let Some(now) = session.next_due() {
        assert!(now >= last);
        last = now;
        answers += due(&mut session, now, &mut cache).concat().matches("PONG").count();
    }
    assert_eq!(answers, 1_000);
}

#[test]
fn over_a_socket_no_answer_comes_before_the_latency_is_over() {
    let server = Server::start(with_latency(30));
    let mut client = server.client();
    for _ in 0..3 {
        let asked = Instant::now();
        assert_eq!(client.answer("ping"), Reply::simple("PONG"));
        assert!(asked.elapsed() >= ms(30), "{:?}", asked.elapsed());
    }
}

/// A thousand lookups would take a thousand latencies, half an hour, if each waited for the one before.
#[test]
fn a_thousand_requests_at_once_take_one_latency() {
    let server = Server::start(with_latency(2_000));
    let mut client = server.client();
    client.ask(&["set a b"; 1_000]);
    (0..1_000).for_each(|_| assert_eq!(client.reply().unwrap(), ok()));
}

#[test]
fn a_client_whose_answer_takes_long_keeps_nobody_else_waiting() {
    let server = Server::start(SETTINGS);
    let (mut slow, mut quick) = (server.client(), server.client());
    assert_eq!(quick.answer("fault slow 600000"), ok());
    slow.ask(&["get a"]);
    // Its request has arrived once this client, which asks for the count, sees it.
    while !format!("{:?}", String::from_utf8(bulk(quick.answer("info")))).contains("keyspace_misses:1") {}
    for _ in 0..100 {
        assert_eq!(quick.answer("ping"), Reply::simple("PONG"));
    }
    slow.socket.set_nonblocking(true).unwrap();
    let nothing = slow.socket.read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
}

fn bulk(reply: Reply) -> Vec<u8> {
    match reply {
        Reply::Bulk(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}
