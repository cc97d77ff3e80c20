//! Eight kinds of faulty servers, each of which every kind of load detects.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::common::{patient, serve, start};
use loadgen::{Arrivals, ErrorKind, Load, Outcome, Scenario, Slow, run};
use protocol::GREETING;

const CONNECTIONS: usize = 4;

/// All kinds of load, by name. When every connection has failed the run ends, so the window can be long; the
/// wait for connections that stay open is short.
fn modes() -> Vec<(&'static str, Scenario)> {
    let base = Scenario { drain_ms: 50, close_ms: 30_000, ..patient(CONNECTIONS, 400) };
    let open = |arrivals| Load::Open { rate: 1_000, arrivals, seed: 1 };
    let thinking = Slow { think_ms: 5, ..Slow::default() };
    let reading = Slow { read_bytes: 16, read_pause_ms: 1, ..Slow::default() };
    vec![
        ("closed", base.clone()),
        ("closed on two threads", Scenario { threads: 2, ..base.clone() }),
        ("pipelined", Scenario { depth: 8, ..base.clone() }),
        ("open, uniform", Scenario { load: open(Arrivals::Uniform), ..base.clone() }),
        (
            "open, Poisson, two threads",
            Scenario { load: open(Arrivals::Poisson), threads: 2, ..base.clone() },
        ),
        ("thinking", Scenario { slow: thinking, ..base.clone() }),
        ("reading slowly", Scenario { slow: reading, ..base.clone() }),
        ("churn", Scenario { load: Load::Churn, ..base }),
    ]
}

/// Puts each kind of load on a server; all connections must fail with one of these kinds.
fn assert_all_detect(kinds: &[ErrorKind], change: fn(&mut Scenario), server: impl Fn() -> SocketAddr) {
    for (name, mut scenario) in modes() {
        change(&mut scenario);
        let outcome = run(server(), &scenario, |_| {}).expect("a run, whatever the server does").outcome;
        let found: u64 = kinds.iter().map(|kind| outcome.errors.count(*kind)).sum();
        assert_eq!(found, CONNECTIONS as u64, "{name}: {:?}", outcome.errors);
        assert_eq!(outcome.errors.total(), CONNECTIONS as u64, "{name}: {:?}", outcome.errors);
        assert_bookkeeping(name, &outcome);
    }
}

fn assert_bookkeeping(name: &str, outcome: &Outcome) {
    let Some(open) = &outcome.open_loop else { return };
    let samples = outcome.latency.map_or(0, |latency| latency.samples);
    assert_eq!(open.due, samples + open.lost, "{name}: {open:?}");
}

fn distorting(distort: fn(&mut Vec<u8>)) -> SocketAddr {
    start(move |stream, _| serve(&stream, distort))
}

#[test]
fn a_dropped_byte() {
    // Detected at the end of the stream, or as soon as another reply takes its place.
    let kinds = [ErrorKind::MissingReply, ErrorKind::WrongByte];
    assert_all_detect(
        &kinds,
        |_| {},
        || {
            distorting(|reply| {
                reply.pop();
            })
        },
    );
}

#[test]
fn a_duplicated_reply() {
    // With more in flight, the copy takes the place of another reply, and there is one too many at the end.
    let kinds = [ErrorKind::ExtraByte];
    assert_all_detect(&kinds, |_| {}, || distorting(|reply| reply.extend_from_within(..)));
}

#[test]
fn swapped_bytes() {
    assert_all_detect(
        &[ErrorKind::WrongByte],
        |_| {},
        || {
            distorting(|reply| {
                if reply.len() > 11 {
                    reply.swap(10, 11);
                }
            })
        },
    );
}

#[test]
fn an_extra_byte() {
    let kinds = [ErrorKind::ExtraByte, ErrorKind::WrongByte];
    assert_all_detect(&kinds, |_| {}, || distorting(|reply| reply.push(b'!')));
}

#[test]
fn a_wrong_wrap() {
    assert_all_detect(
        &[ErrorKind::WrongByte],
        |_| {},
        || {
            distorting(|reply| {
                for byte in reply.iter_mut().filter(|byte| **byte == 0x00) {
                    *byte = 0xFF;
                }
            })
        },
    );
}

#[test]
fn no_greeting() {
    // No connection will be greeted, so the wait is short.
    let change = |scenario: &mut Scenario| scenario.greeting_wait_ms = 20;
    assert_all_detect(&[ErrorKind::NoGreeting], change, || {
        start(|mut stream: TcpStream, _| stream.read_exact(&mut [0]))
    });
}

#[test]
fn an_early_end() {
    // Closing with unread requests turns the end into a reset.
    let kinds = [ErrorKind::EarlyEnd, ErrorKind::Reset];
    assert_all_detect(
        &kinds,
        |_| {},
        || {
            start(|mut stream, _| {
                stream.write_all(&[GREETING])?;
                stream.read_exact(&mut [0; 66])
            })
        },
    );
}

#[test]
fn a_stall() {
    let change = |scenario: &mut Scenario| scenario.close_ms = 50;
    assert_all_detect(&[ErrorKind::Stalled], change, || {
        start(|mut stream, _| {
            stream.write_all(&[GREETING])?;
            stream.read_exact(&mut [0; 66])?;
            loop {
                std::thread::park();
            }
        })
    });
}
