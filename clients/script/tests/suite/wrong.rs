//! What the client reports about each kind of fault.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::Mismatch;
use script::{EventKind, Failure, Options, Report, run};
use text::connecting::Cause;

use super::server::{
    ClosedPort, answer, fast_script, play, play_with_long_pause, play_within, right, sequential,
};

/// The failure of a run of one connection, which must also be its last event.
fn failure(report: &Report) -> &Failure {
    assert!(!report.all_right());
    let (connection, failure) = report.failures().next().unwrap();
    assert_eq!(connection, 0);
    assert_eq!(report.events.last().unwrap().kind, EventKind::Failed(failure.clone()));
    failure
}

#[test]
fn a_wrong_byte_is_reported_with_its_position() {
    let wrong = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        answer(stream, |reply| reply.iter().map(|&byte| if byte == b'u' { b't' } else { byte }).collect())
    });
    let report = play(wrong, 1);
    assert_eq!(
        failure(&report),
        &Failure::WrongBytes(Mismatch::Wrong { offset: 5, expected: b'u', got: b't' })
    );
    assert_eq!(
        report.events.last().unwrap().kind.to_string(),
        "failed: wrong bytes: reply byte 5 must be 0x75, but is 0x74"
    );
}

#[test]
fn a_missing_greeting_times_out() {
    let silent = sequential(1, |mut stream| {
        stream.read_exact(&mut [0]) // returns when the client gives up
    });
    let report = play_within(silent, 1, Duration::from_millis(30));
    assert_eq!(failure(&report).to_string(), "gave up after 30ms: the server has not greeted with '*'");
}

#[test]
fn a_reply_instead_of_the_greeting_is_a_wrong_greeting() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"bcd")?;
        answer(stream, |reply| reply)
    });
    assert_eq!(failure(&play(server, 1)), &Failure::WrongBytes(Mismatch::Greeting { got: b'b' }));
}

#[test]
fn a_connection_that_is_closed_early_is_a_failure() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        stream.read_exact(&mut [0; 14])?;
        stream.write_all(b"bcdbcuf")
    });
    let report = play_with_long_pause(server, 0);
    assert!(report.elapsed < Duration::from_secs(60), "the failure must end the pause early");
    assert_eq!(
        failure(&report).to_string(),
        "the connection ended early, after 7 of 18 reply bytes: the server closed it"
    );
}

#[test]
fn a_connection_that_is_closed_instead_of_greeted_is_a_failure() {
    let closed = sequential(1, |stream| {
        drop(stream);
        Ok(())
    });
    let report = play(closed, 1);
    assert!(
        matches!(failure(&report), Failure::EndedEarly { received: 0, owed: 18, .. }),
        "{:?}",
        report.outcomes
    );
}

#[test]
fn a_server_that_closes_before_the_client_does_is_a_failure() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        for (length, reply) in [(14, &b"bcdbcuf"[..]), (7, b"234"), (15, b"36bc1111")] {
            stream.read_exact(&mut vec![0; length])?;
            stream.write_all(reply)?;
        }
        Ok(())
    });
    let report = play_with_long_pause(server, 2);
    assert!(matches!(failure(&report), Failure::EndedEarly { received: 18, owed: 18, .. }));
}

#[test]
fn an_extra_byte_after_the_whole_reply_is_a_failure() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        answer(stream, |mut reply| {
            if reply.ends_with(b"1111") {
                reply.push(b'!');
            }
            reply
        })
    });
    assert_eq!(failure(&play(server, 1)), &Failure::WrongBytes(Mismatch::Extra { owed: 18, got: b'!' }));
}

#[test]
fn an_extra_byte_after_the_clients_half_close_is_a_failure() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        answer(stream.try_clone()?, |reply| reply)?;
        stream.write_all(b"!")
    });
    assert_eq!(failure(&play(server, 1)), &Failure::WrongBytes(Mismatch::Extra { owed: 18, got: b'!' }));
}

#[test]
fn a_reply_before_its_request_is_a_failure() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*bcd")?;
        stream.read_exact(&mut [0]) // keeps the connection open until the client has failed
    });
    assert_eq!(failure(&play(server, 1)), &Failure::Unasked { received: 3, owed: 0 });
}

#[test]
fn a_missing_byte_times_out() {
    let server = sequential(1, |mut stream| {
        stream.write_all(b"*")?;
        answer(stream, |mut reply| {
            if reply.ends_with(b"1111") {
                reply.pop();
            }
            reply
        })
    });
    let report = play_within(server, 1, Duration::from_millis(300));
    assert!(matches!(failure(&report), Failure::Timeout { .. }), "{:?}", report.outcomes);
}

#[test]
fn a_refused_connection_names_the_address_and_the_cause() {
    let closed = ClosedPort::new();
    let report = play(closed.address(), 1);
    let Failure::Connect(failure) = failure(&report) else { panic!("{:?}", report.outcomes) };
    let message = failure.to_string();
    assert!(message.contains(&closed.address().to_string()) && message.contains("refused"), "{message}");
    assert_eq!(failure.decisive().map(|attempt| attempt.cause), Some(Cause::Refused));
}

#[test]
fn one_failed_connection_does_not_hide_the_others() {
    // The first connection is served, the second one fails when the listener is closed.
    let report = play(sequential(1, right), 2);
    assert_eq!(report.failures().count(), 1);
    assert!(!report.all_right());
}

#[test]
fn invalid_runs_are_rejected_before_they_start() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    for connections in [0, 1_000_000] {
        let options = Options { connections, script: fast_script(), timeout: None };
        assert!(run(&address.into(), &options, |_| {}).is_err());
    }
}
