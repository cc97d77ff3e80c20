//! Churn: whole connections, one after the other in each slot.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::common::{address_without_listener, listen, patient, serve, start};
use loadgen::{Churned, Dialect, ErrorKind, Load, Outcome, Phase, Scenario, run};
use protocol::GREETING;

fn churn(slots: usize, duration_ms: u64) -> Scenario {
    Scenario { load: Load::Churn, ..patient(slots, duration_ms) }
}

fn churned(outcome: &Outcome) -> &Churned {
    outcome.churned.as_ref().expect("the figures of churn")
}

#[test]
fn every_connection_is_greeted_answered_once_and_closed() {
    let connections = Arc::new(AtomicU64::new(0));
    let reply_bytes = Arc::new(AtomicU64::new(0));
    let (count, bytes) = (Arc::clone(&connections), Arc::clone(&reply_bytes));
    let address = start(move |stream, _| {
        count.fetch_add(1, Ordering::Relaxed);
        serve(&stream, |reply| {
            bytes.fetch_add(reply.len() as u64, Ordering::Relaxed);
        })
    });
    let outcome = run(address, &Scenario { threads: 2, ..churn(5, 200) }, |_| {}).unwrap().outcome;
    let churned = churned(&outcome);

    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert!(outcome.connections >= 5);
    assert_eq!((outcome.served, outcome.starved), (outcome.connections, 0));
    assert_eq!(outcome.connections, connections.load(Ordering::Relaxed));
    assert_eq!(outcome.connections * 64, reply_bytes.load(Ordering::Relaxed));
    assert_eq!(outcome.unfinished, 0);
    // Connections that end before the window starts are not counted.
    assert!(churned.completed + churned.drained <= outcome.connections);
    assert!((1..=5).contains(&churned.drained), "each slot drains at most one: {churned:?}");
    if let (Some(life), Some(greeting)) = (churned.life, churned.greeting) {
        assert!(life.samples <= greeting.samples);
        assert!(greeting.p50_ns <= life.max_ns);
    }
}

#[test]
fn a_slot_opens_its_next_connection_only_when_the_server_has_closed_the_last() {
    let open = Arc::new(AtomicU64::new(0));
    let most = Arc::new(AtomicU64::new(0));
    let (now_open, most_open) = (Arc::clone(&open), Arc::clone(&most));
    let (listener, address) = listen();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, now_open) = (stream.expect("a client"), Arc::clone(&now_open));
            most_open.fetch_max(now_open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::spawn(move || {
                let result = serve(&stream, |_| {});
                // Counted before the stream is closed, since the client opens the next connection then.
                now_open.fetch_sub(1, Ordering::SeqCst);
                result
            });
        }
    });
    let outcome = run(address, &churn(3, 100), |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[test]
fn a_sequential_server_serves_all_slots_in_turn() {
    let (listener, address) = listen();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.expect("a client"), |_| {}).expect("a client that stays");
        }
    });
    let outcome = run(address, &churn(5, 50), |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.served, outcome.starved), (outcome.connections, 0));
}

#[test]
fn churn_works_in_the_echo_dialect() {
    let address = start(|stream, _| io::copy(&mut &stream, &mut &stream).map(drop));
    let outcome = run(address, &Scenario { dialect: Dialect::Echo, ..churn(3, 50) }, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.served, outcome.connections);
    assert_eq!(churned(&outcome).greeting, None);
}

#[test]
fn a_connection_that_is_never_greeted_starves_while_others_are_served() {
    let address = start(|mut stream, number| {
        if number == 0 {
            return stream.read_exact(&mut [0]);
        }
        serve(&stream, |_| {})
    });
    let outcome = run(address, &Scenario { drain_ms: 5_000, ..churn(2, 50) }, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.served, outcome.starved), (outcome.connections - 1, 1));
}

#[test]
fn a_slot_whose_connection_fails_is_given_up_and_the_others_continue() {
    let address = start(|mut stream: TcpStream, number| {
        if number == 1 {
            stream.write_all(&[GREETING])?;
            return Ok(());
        }
        serve(&stream, |_| {})
    });
    let outcome = run(address, &churn(3, 100), |_| {}).unwrap().outcome;
    assert_eq!(outcome.errors.total(), 1, "{:?}", outcome.errors);
    assert_eq!(outcome.starved, 0);
}

#[test]
fn without_a_listener_every_slot_fails_once() {
    let (address, _end, _listener) = address_without_listener();
    let outcome = run(address, &churn(3, 60_000), |_| {}).unwrap().outcome;
    assert_eq!(outcome.errors.count(ErrorKind::Connect), 3, "{:?}", outcome.errors);
    let first = outcome.errors.first.unwrap();
    assert!(first.contains("refused") && first.contains("nothing listens there"), "{first}");
}

#[test]
fn churn_runs_beside_idle_connections() {
    let (release, wait) = mpsc::channel::<()>();
    let idle = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&idle);
    let address = start(move |mut stream, number| {
        if number >= 4 {
            return serve(&stream, |_| {});
        }
        // The idle connections were opened first; they must send nothing.
        stream.write_all(&[GREETING])?;
        counter.fetch_add(1, Ordering::SeqCst);
        let read = stream.read(&mut [0])?;
        assert_eq!(read, 0, "an idle connection sends nothing");
        counter.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    let outcome = run(address, &Scenario { idle: 4, ..churn(2, 50) }, |phase| {
        if phase == Phase::Closing {
            assert_eq!(idle.load(Ordering::SeqCst), 4, "idle connections stay open until the end");
            release.send(()).unwrap();
        }
    })
    .unwrap()
    .outcome;
    wait.recv().unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.served, outcome.connections);
    assert!(outcome.connections >= 6);
}
