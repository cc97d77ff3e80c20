//! Whatever clients do: memory is bounded, and nobody else is harmed.

use std::io::{ErrorKind, Write};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use cache::{Cache, MOST_QUEUED, Session, Settings};
use chassis::Options;
use resp::{Reply, append_command};

use crate::server::{Client, SETTINGS, Server, ok, with_latency};

#[test]
fn a_full_memory_is_told_as_redis_tells_it_and_what_is_there_stays() {
    let server = Server::start(Settings { memory: 1_000, ..SETTINGS });
    let mut client = server.client();
    let value = "x".repeat(400);
    assert_eq!(client.answer(&format!("set a {value}")), ok());
    let oom = Reply::error("OOM command not allowed when used memory > 'maxmemory'.");
    assert_eq!(client.answer(&format!("set b {value}")), oom);
    assert_eq!(client.answer("get a"), Reply::bulk(value.as_str()));
    assert_eq!(client.answer("flushall"), ok());
    assert_eq!(client.answer(&format!("set b {value}")), ok());
}

#[test]
fn one_client_too_many_is_told_so_and_closed() {
    let options = Options { max_conns: NonZeroUsize::new(2), ..Options::default() };
    let server = Server::with_options(SETTINGS, options);
    let (mut first, mut second) = (server.client(), server.client());
    assert_eq!(first.answer("ping"), second.answer("ping"));
    let mut third = server.client();
    assert_eq!(third.rest().unwrap(), b"-ERR max number of clients reached\r\n");
    drop(first);
    // Its place is free once the server has seen it go.
    let deadline = Instant::now() + crate::server::PATIENCE;
    while Client::at(server.address).unwrap().rest_after_quit().is_none() {
        assert!(Instant::now() < deadline, "no place becomes free");
    }
    drop(second);
    let summary = server.stop();
    assert!(summary.rejected >= 1 && summary.completed == 3, "{summary}");
}

impl Client {
    /// The answer to QUIT, unless this client was one too many.
    fn rest_after_quit(mut self) -> Option<Vec<u8>> {
        // A closed socket may have been reset by the request.
        self.socket.write_all(b"quit\n").ok()?;
        self.rest().ok().filter(|rest| rest == b"+OK\r\n")
    }
}

#[test]
fn a_client_that_breaks_the_protocol_is_told_how_after_its_answers_and_harms_nobody() {
    let server = Server::start(with_latency(1));
    let mut good = server.client();
    for (stream, error) in [
        (&b"*1\r\nPING\r\n"[..], "expected '$', got 'P'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$9999999\r\n", "invalid bulk length"),
        (b"*9999999\r\n", "invalid multibulk length"),
        (b"get 'a\n", "unbalanced quotes in request"),
        (b"*1\r\n$4\r\nPINGPING", "expected CRLF, got 'P'"),
    ] {
        let mut bad = server.client();
        bad.send(&[b"ping\n", stream, b"ping\n"].concat());
        let told = String::from_utf8(bad.rest().unwrap()).unwrap();
        assert_eq!(told, format!("+PONG\r\n-ERR Protocol error: {error}\r\n"));
        assert_eq!(good.answer("ping"), Reply::simple("PONG"));
    }
    // What it sends beyond that is discarded, so that no reset destroys what it is told.
    let mut endless = server.client();
    endless.send(&vec![b'x'; 1 << 20]);
    assert_eq!(endless.rest().unwrap(), b"-ERR Protocol error: too big inline request\r\n");
    drop((good, endless));
    let summary = server.stop();
    assert_eq!((summary.completed, summary.errors), (1, 7), "{summary}");
}

#[test]
fn replies_that_wait_are_bounded_and_so_is_what_is_read_meanwhile() {
    let (mut cache, start) = (Cache::new(&with_latency(5)), Instant::now());
    let mut session = Session::new(start);
    let mut requests = Vec::new();
    (0..20).for_each(|_| append_command(&[b"ECHO", &[b'x'; 2_000]], &mut requests));
    let mut fed = 0;
    while session.wants_input() {
        session.receive(&requests, start, &mut cache);
        fed += 20;
        assert!(fed <= 20 + 20 * MOST_QUEUED / (20 * 2_000), "{fed} requests were taken");
    }
    let later = start + Duration::from_secs(1);
    let (mut answered, mut largest) = (0, 0);
    while let Some(due) = session.take_due(later, &mut cache) {
        answered += due.bytes.len() / 2_009;
        largest = largest.max(due.bytes.len());
    }
    assert_eq!(answered, fed, "none is lost");
    assert!(largest <= MOST_QUEUED + 2_009, "{largest}");
    assert!(session.wants_input());
}

/// It sends 64 MiB and reads nothing, until the server reads no more; then it gets every answer.
#[test]
fn a_client_that_does_not_read_is_not_read_and_harms_nobody() {
    const REQUESTS: usize = 1_024;
    let server = Server::start(SETTINGS);
    let (mut deaf, mut good) = (server.client(), server.client());
    let mut request = Vec::new();
    append_command(&[b"ECHO", &vec![b'x'; 64 << 10]], &mut request);
    let all = request.repeat(REQUESTS);
    deaf.socket.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    let error = loop {
        match deaf.socket.write(&all[sent..]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < all.len(), "the server has taken 64 MiB for a client that reads nothing");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(good.answer("ping"), Reply::simple("PONG"));
    let mut writing = deaf.socket.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        writing.set_write_timeout(None).unwrap();
        writing.write_all(&all[sent..])
    });
    let expected = Reply::bulk(vec![b'x'; 64 << 10]);
    (0..REQUESTS).for_each(|number| assert!(deaf.reply().unwrap() == expected, "answer {number}"));
    writer.join().unwrap().unwrap();
}
