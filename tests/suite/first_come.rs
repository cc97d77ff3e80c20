//! Numbers that find the queue of tests full wait with their clients, and are tested first come first served.
//!
//! Of a loop its server's own record says in which order it has read and tested. Tasks read on several threads, so their
//! queues are tested where they are: in `tokio-sockets`, for prime-async and prime-promises, and in `prime-rayon`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::{PATIENCE, Server, serve};

const LOOPS: [&str; 2] = ["prime-queue", "prime-callbacks"];
/// More than twice as many as a queue holds.
const WAITING: u64 = 150;
/// The number of the first that waits; small enough to be tested at once.
const FIRST: u64 = 1_000;

/// A client that has sent these lines, and has the answer to the first one.
fn asked(server: &Server, lines: &str, answer: &str) -> BufReader<TcpStream> {
    let mut client = TcpStream::connect(server.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(lines.as_bytes()).unwrap();
    let mut client = BufReader::new(client);
    assert_eq!(next_line(&mut client), answer);
    client
}

fn next_line(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line
}

/// The numbers of those that wait, in the order of these events.
fn order_of(event: &str, events: &str) -> Vec<u64> {
    let numbers = events.lines().filter_map(|line| {
        let (_, rest) = line.split_once(' ')?;
        rest.strip_prefix(event)?.split_whitespace().next()?.parse().ok()
    });
    numbers.filter(|number| (FIRST..FIRST + WAITING).contains(number)).collect()
}

fn tests_in_order(model: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events");
    let events = format!("--events={}", file.display());
    let server = Server::start(serve(model, &["--workers=1", &events]));
    // Its second number is in work for seconds, or minutes in a debug build.
    let in_work = asked(&server, "7\n18446744073709551557\n", "prime\n");
    let waiting: Vec<_> =
        (FIRST..FIRST + WAITING).map(|number| asked(&server, &format!("x\n{number}\n"), "error\n")).collect();
    socket2::SockRef::from(in_work.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    drop(in_work);
    for mut client in waiting {
        let answer = next_line(&mut client);
        assert!(["prime\n", "composite\n"].contains(&answer.as_str()), "{model}: {answer:?}");
    }
    let events = fs::read_to_string(&file).unwrap();
    let came = order_of("received", &events);
    assert_eq!(came.len() as u64, WAITING, "{model}: {events}");
    assert_eq!(order_of("begun", &events), came, "{model}");
}

#[test]
fn numbers_that_find_the_queue_full_are_tested_in_the_order_in_which_they_came() {
    for model in LOOPS {
        tests_in_order(model);
    }
}
