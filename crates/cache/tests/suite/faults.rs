//! The faults that a client may ask for, which tests of servers use.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use cache::Settings;
use resp::Reply;

use crate::server::{Client, SETTINGS, Server, ok};

/// A cache with a value, its client, and another one that has asked for a fault.
fn with_fault(fault: &str) -> (Server, Client, Client) {
    let server = Server::start(SETTINGS);
    let (mut client, mut control) = (server.client(), server.client());
    assert_eq!(client.answer("set a b"), ok());
    assert_eq!(control.answer(&format!("fault {fault}")), ok());
    (server, client, control)
}

#[test]
fn a_fault_lasts_until_it_is_ended_and_concerns_lookups_alone() {
    let (_server, mut client, mut control) = with_fault("wrong");
    assert_eq!(client.answer("get a"), Reply::bulk("perhaps"));
    assert_eq!(client.answer("get c"), Reply::bulk("perhaps"));
    assert_eq!(client.answer("ping"), Reply::simple("PONG"));
    assert_eq!(control.answer("fault none"), ok());
    assert_eq!(client.answer("get a"), Reply::bulk("b"));
}

#[test]
fn slow_answers_come_later() {
    let (_server, mut client, _control) = with_fault("slow 40");
    let asked = Instant::now();
    assert_eq!(client.answer("get a"), Reply::bulk("b"));
    assert!(asked.elapsed() >= Duration::from_millis(40));
}

#[test]
fn errors_and_a_full_memory_are_answered_as_such() {
    let (_server, mut client, mut control) = with_fault("oom");
    let oom = Reply::error("OOM command not allowed when used memory > 'maxmemory'.");
    assert_eq!(client.answer("set a c"), oom);
    assert_eq!(client.answer("get a"), Reply::bulk("b"));
    assert_eq!(control.answer("fault error"), ok());
    for command in ["get a", "set a c"] {
        let answer = client.answer(command);
        assert!(matches!(&answer, Reply::Error(text) if text.starts_with(b"ERR ")), "{answer:?}");
    }
}

#[test]
fn garbage_is_no_resp() {
    let (_server, mut client, _control) = with_fault("garbage");
    client.ask(&["get a"]);
    let error = client.reply().unwrap_err();
    assert_eq!(error.to_string(), "a reply begins with '?', which no kind of RESP2 value does");
}

#[test]
fn a_reset_comes_in_the_middle_of_an_answer() {
    let (_server, mut client, mut control) = with_fault("reset");
    client.ask(&["get a"]);
    let mut half = [0; 3];
    std::io::Read::read_exact(&mut client.socket, &mut half).unwrap();
    assert_eq!(&half, b"$1\r", "of $1 b, which has seven bytes");
    assert_eq!(client.rest().unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(control.answer("ping"), Reply::simple("PONG"));
}

#[test]
fn connections_are_refused_until_the_client_that_asked_for_it_ends_it() {
    let (server, mut client, mut control) = with_fault("refuse");
    assert_eq!(client.reply().unwrap_err().kind(), ErrorKind::ConnectionReset);
    for _ in 0..3 {
        let refused = Client::at(server.address).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::ConnectionRefused));
    }
    assert_eq!(control.answer("get a"), Reply::bulk("b"));
    assert_eq!(control.answer("fault none"), ok());
    assert_eq!(server.client().answer("get a"), Reply::bulk("b"));
    drop((client, control));
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.completed, summary.errors), (3, 2, 1));
}

#[test]
fn without_the_option_there_is_no_such_command_as_in_redis() {
    let server = Server::start(Settings { faults: false, ..SETTINGS });
    let expected = "ERR unknown command 'fault', with args beginning with: 'wrong' ";
    assert_eq!(server.client().answer("fault wrong"), Reply::error(expected));
}

#[test]
fn a_fault_that_there_is_not_is_refused_with_those_that_there_are() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    for wrong in ["fault flood", "fault", "fault none now"] {
        let answer = client.answer(wrong);
        assert!(matches!(&answer, Reply::Error(text) if text.ends_with(b"reset and refuse")), "{answer:?}");
    }
    for wrong in ["fault slow 600001", "fault slow -1", "fault slow soon"] {
        assert_eq!(client.answer(wrong), Reply::error("ERR slow takes milliseconds, at most 600000"));
    }
}
