//! Every kind of faulty server is reported with the right error, and the run ends.
//!
//! When all connections have failed the run ends, however long the window is. So a long window costs no time,
//! and the result does not depend on timing.
#![cfg(target_os = "linux")]

mod common;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;

use common::{listen, patient, serve, start};
use loadgen::{Dialect, ErrorKind, Outcome, Phase, Scenario, run};
use protocol::GREETING;

const CONNECTIONS: usize = 3;

/// Loads a server that distorts its replies so that every connection fails.
fn distorted(distort: fn(&mut Vec<u8>)) -> Outcome {
    load(start(move |stream, _| serve(&stream, distort)))
}

/// Loads a server whose connections all fail.
fn load(address: SocketAddr) -> Outcome {
    load_by(address, &patient(CONNECTIONS, 60_000))
}

/// Loads a server that keeps its connections open although replies are missing.
fn load_until_timeout(address: SocketAddr, close_ms: u64) -> Outcome {
    load_by(address, &Scenario { drain_ms: 20, close_ms, ..patient(CONNECTIONS, 20) })
}

fn load_by(address: SocketAddr, scenario: &Scenario) -> Outcome {
    run(address, scenario, |_| {}).expect("a run, whatever the server does").outcome
}

/// Reads one whole request of the default scenario.
fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    stream.read_exact(&mut [0; 66])
}

/// Neither answers nor closes until the test ends.
fn hold_open(_stream: &TcpStream) -> io::Result<()> {
    loop {
        thread::park();
    }
}

fn assert_all_fail(outcome: &Outcome, kind: ErrorKind, text: &str) {
    assert_eq!(outcome.errors.count(kind), CONNECTIONS as u64, "{:?}", outcome.errors);
    assert_eq!(outcome.errors.total(), CONNECTIONS as u64, "{:?}", outcome.errors);
    assert_eq!(outcome.starved, 0);
    let first = outcome.errors.first.as_deref().expect("the first error in full");
    assert!(first.contains(text), "{first}");
}

#[test]
fn a_dropped_byte_is_a_missing_reply() {
    let address = start(|stream, _| serve(&stream, |reply| reply.truncate(63)));
    let outcome = load_until_timeout(address, 30_000);
    assert_all_fail(&outcome, ErrorKind::MissingReply, "after 63 of 64");
    assert_eq!(outcome.unfinished, CONNECTIONS as u64);
}

#[test]
fn a_dropped_reply_is_a_missing_reply() {
    let address = start(|stream, _| serve(&stream, Vec::clear));
    let outcome = load_until_timeout(address, 30_000);
    assert_all_fail(&outcome, ErrorKind::MissingReply, "after 0 of 64");
}

#[test]
fn a_duplicated_reply_is_extra_bytes() {
    let outcome = distorted(|reply| reply.extend_from_within(..));
    assert_all_fail(&outcome, ErrorKind::ExtraByte, "only 64 reply bytes were due");
}

#[test]
fn an_added_byte_is_an_extra_byte() {
    let outcome = distorted(|reply| reply.push(b'!'));
    assert_all_fail(&outcome, ErrorKind::ExtraByte, "0x21");
}

#[test]
fn swapped_bytes_are_wrong_bytes() {
    let outcome = distorted(|reply| reply.swap(10, 11));
    assert_all_fail(&outcome, ErrorKind::WrongByte, "reply byte 10");
}

#[test]
fn replies_swapped_between_connections_are_wrong_bytes() {
    let (listener, address) = listen();
    thread::spawn(move || {
        let mut streams = [listener.accept()?.0, listener.accept()?.0];
        let mut replies = Vec::new();
        for stream in &mut streams {
            stream.write_all(&[GREETING])?;
        }
        for stream in &mut streams {
            let (mut request, mut reply) = ([0; 66], Vec::new());
            stream.read_exact(&mut request)?;
            protocol::append_frame_reply(&request[1..65], &mut reply);
            replies.push(reply);
        }
        for (stream, reply) in streams.iter_mut().zip(replies.iter().rev()) {
            stream.write_all(reply)?;
        }
        io::Result::Ok(())
    });
    let outcome = load_by(address, &patient(2, 60_000));
    assert_eq!(outcome.errors.count(ErrorKind::WrongByte), 2, "{:?}", outcome.errors);
}

#[test]
fn a_wrong_wrap_is_a_wrong_byte() {
    let outcome = distorted(|reply| {
        for byte in reply.iter_mut().filter(|byte| **byte == 0x00) {
            *byte = 0xFF; // 0xFF + 1, saturated
        }
    });
    assert_all_fail(&outcome, ErrorKind::WrongByte, "must be 0x00, but is 0xff");
}

#[test]
fn a_server_that_greets_no_connection_fails_instead_of_starving_all() {
    let address = start(|mut stream, _| stream.read_exact(&mut [0]));
    let outcome = load_by(address, &Scenario { greeting_wait_ms: 20, ..patient(CONNECTIONS, 20) });
    assert_all_fail(&outcome, ErrorKind::NoGreeting, "no connection was greeted");
    assert_eq!((outcome.served, outcome.messages), (0, 0));
}

#[test]
fn a_wrong_greeting_is_reported() {
    let address = start(|mut stream, _| {
        stream.write_all(b"+")?;
        stream.read_exact(&mut [0])
    });
    assert_all_fail(&load(address), ErrorKind::WrongGreeting, "0x2b");
}

#[test]
fn closing_without_a_greeting_is_a_rejection() {
    let address = start(|stream, _| stream.shutdown(Shutdown::Both));
    assert_all_fail(&load(address), ErrorKind::Rejected, "without greeting");
}

#[test]
fn closing_before_the_client_does_is_an_early_end() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        read_request(&mut stream)
    });
    assert_all_fail(&load(address), ErrorKind::EarlyEnd, "after 0 reply bytes");
}

#[test]
fn an_end_that_arrives_together_with_the_greeting_is_noticed() {
    let (listener, address) = listen();
    let (closed, wait_for_close) = mpsc::channel();
    thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            let (mut stream, _) = listener.accept()?;
            stream.write_all(&[GREETING])?;
        }
        closed.send(()).expect("a test that waits");
        io::Result::Ok(())
    });
    let scenario = patient(CONNECTIONS, 60_000);
    let outcome = run(address, &scenario, |phase| {
        if phase == Phase::Greeting {
            wait_for_close.recv().unwrap();
        }
    })
    .unwrap()
    .outcome;
    assert_all_fail(&outcome, ErrorKind::EarlyEnd, "after 0 reply bytes");
    assert_eq!(outcome.served, CONNECTIONS as u64);
}

#[test]
fn closing_with_unread_requests_is_a_reset() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        stream.read_exact(&mut [0])
    });
    assert_all_fail(&load(address), ErrorKind::Reset, "reset");
}

#[test]
fn a_server_that_stops_answering_is_stalled_after_the_configured_wait() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        read_request(&mut stream)?;
        hold_open(&stream)
    });
    let outcome = load_until_timeout(address, 20);
    assert_all_fail(
        &outcome,
        ErrorKind::Stalled,
        "within 20 ms after the client closed its side (1 messages unanswered)",
    );
}

#[test]
fn a_server_that_answers_but_never_closes_is_stalled() {
    let address = start(|stream, _| {
        serve(&stream, |_| {})?;
        hold_open(&stream)
    });
    let outcome = load_by(address, &Scenario { close_ms: 20, ..patient(CONNECTIONS, 20) });
    assert_all_fail(&outcome, ErrorKind::Stalled, "(0 messages unanswered)");
}

#[test]
fn an_echo_server_that_never_answers_is_stalled() {
    let address = start(|stream, _| {
        io::copy(&mut &stream, &mut io::sink())?;
        hold_open(&stream)
    });
    let scenario =
        Scenario { dialect: Dialect::Echo, drain_ms: 20, close_ms: 20, ..patient(CONNECTIONS, 20) };
    let outcome = load_by(address, &scenario);
    assert_all_fail(&outcome, ErrorKind::Stalled, "1 messages unanswered");
}

#[test]
fn one_broken_connection_does_not_hide_the_others() {
    let address = start(|stream, number| {
        serve(&stream, |reply| {
            if number == 0 {
                reply[0] ^= 1;
            }
        })
    });
    let outcome = load_by(address, &patient(CONNECTIONS, 20));
    assert_eq!(outcome.errors.to_string(), "1 wrong reply byte");
    assert_eq!(outcome.served, CONNECTIONS as u64);
    assert!(outcome.messages + outcome.drained >= CONNECTIONS as u64 - 1);
}
