//! Idle connections, slow clients, source addresses, ramps.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{address_without_listener, answer, patient, serve, start};
use loadgen::{Arrivals, Dialect, Load, Phase, Scenario, Slow, ramp, run};
use protocol::GREETING;
use text::addresses::Addresses;

#[test]
fn idle_connections_are_greeted_and_send_nothing() {
    let senders = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&senders);
    let address = start(move |mut stream, _| {
        stream.write_all(&[GREETING])?;
        if stream.peek(&mut [0])? > 0 {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        answer(&stream, |_| {})
    });
    for load in [Load::Closed, Load::Open { rate: 500, arrivals: Arrivals::Uniform, seed: 0 }] {
        senders.store(0, Ordering::SeqCst);
        let scenario = Scenario { threads: 2, idle: 20, load, ..patient(3, 50) };
        let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert_eq!((outcome.connections, outcome.served, outcome.starved), (23, 23, 0));
        assert_eq!(senders.load(Ordering::SeqCst), 3, "{load:?}");
    }
}

#[test]
fn an_idle_connection_that_receives_anything_is_an_error() {
    let address = start(|mut stream, number| {
        if number == 0 {
            stream.write_all(&[GREETING, b'!'])?;
            return answer(&stream, |_| {});
        }
        serve(&stream, |_| {})
    });
    let outcome = run(address, &Scenario { idle: 1, ..patient(1, 20) }, |_| {}).unwrap().outcome;
    assert_eq!(outcome.errors.to_string(), "1 extra byte");
}

#[test]
fn idle_connections_of_a_raw_echo_do_not_starve() {
    let address = start(|stream, _| io::copy(&mut &stream, &mut &stream).map(drop));
    let scenario = Scenario { dialect: Dialect::Echo, idle: 5, ..patient(2, 20) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (7, 2, 0));
}

#[test]
fn connections_use_the_requested_number_of_source_addresses() {
    let peers: Arc<Mutex<HashMap<IpAddr, usize>>> = Arc::default();
    let seen = Arc::clone(&peers);
    let address = start(move |stream, _| {
        let peer = stream.peer_addr()?.ip();
        *seen.lock().expect("no poisoned lock").entry(peer).or_default() += 1;
        serve(&stream, |_| {})
    });
    let scenario = Scenario { sources: 3, idle: 6, ..patient(3, 20) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let peers = peers.lock().unwrap();
    let expected = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|peer| (peer.parse().unwrap(), 3));
    assert_eq!(*peers, HashMap::from(expected));
}

#[test]
fn each_address_of_a_server_is_tried_with_every_kind_of_load() {
    let (closed, _end, _listener) = address_without_listener();
    let open = start(|stream, _| serve(&stream, |_| {}));
    let server = || Addresses::new("a-name:9090", [closed, open]).expect("two addresses");
    let rate = Load::Open { rate: 500, arrivals: Arrivals::Uniform, seed: 0 };
    for (load, idle, sources) in [
        (Load::Closed, 0, 0),
        (Load::Closed, 2, 2),
        (rate, 0, 0),
        (Load::Churn, 0, 0),
        (Load::Churn, 0, 2),
        (Load::Churn, 2, 0),
    ] {
        let scenario = Scenario { threads: 2, load, idle, sources, ..patient(2, 20) };
        let outcome = run(server(), &scenario, |_| {}).unwrap().outcome;
        assert!(outcome.errors.is_empty() && outcome.messages > 0, "{load:?} {idle} {sources}: {outcome:?}");
    }
    let ramp = ramp(server(), &patient(1, 20), &[1, 2], |_, _| {}).unwrap();
    assert!(ramp.steps.iter().all(|step| step.measurement.outcome.errors.is_empty()));
}

#[test]
fn an_ipv4_address_written_as_ipv6_may_have_several_source_addresses() {
    let address = start(|stream, _| serve(&stream, |_| {}));
    let mapped = text::addresses::parse_server(&format!("[::ffff:127.0.0.1]:{}", address.port())).unwrap();
    for load in [Load::Closed, Load::Churn] {
        let outcome =
            run(mapped.clone(), &Scenario { sources: 3, load, ..patient(3, 20) }, |_| {}).unwrap().outcome;
        assert!(outcome.errors.is_empty() && outcome.messages > 0, "{outcome:?}");
    }
}

#[test]
fn a_client_with_a_think_time_waits_between_a_reply_and_its_next_message() {
    let gaps: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let seen = Arc::clone(&gaps);
    let address = start(move |mut stream, _| {
        stream.write_all(&[GREETING])?;
        let (mut session, mut request) = (protocol::Session::new(), [0; 66]);
        let mut answered = None;
        while stream.read_exact(&mut request).is_ok() {
            let now = Instant::now();
            seen.lock().expect("no poisoned lock").extend(answered.map(|answered| now - answered));
            let length = session.transform_in_place(&mut request);
            // Taken before the reply is sent, so that the gap is not measured too short.
            answered = Some(Instant::now());
            stream.write_all(&request[..length])?;
        }
        Ok(())
    });
    let slow = Slow { think_ms: 20, ..Slow::default() };
    let outcome = run(address, &Scenario { slow, ..patient(2, 1_000) }, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let gaps = gaps.lock().unwrap();
    assert!(!gaps.is_empty());
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(20)), "{gaps:?}");
    // A client has one pause at a time, and pauses are not part of the round trip.
    let pauses = outcome.elapsed_ns / 20_000_000;
    assert!(outcome.messages + outcome.drained <= 2 * (pauses + 2), "{outcome:?}");
    assert_eq!(outcome.unfinished, 0);
}

#[test]
fn a_slow_reader_reads_little_at_a_time_and_everything_in_the_end() {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let address = start(move |stream, _| {
        serve(&stream, |reply| {
            counter.fetch_add(reply.len() as u64, Ordering::SeqCst);
        })
    });
    // Ten reads of 1,000 bytes fit into the window, and one message is ten times as long.
    let slow = Slow { read_bytes: 1_000, read_pause_ms: 10, receive_buffer_bytes: 4_096, ..Slow::default() };
    let scenario = Scenario { payload_bytes: 100_000, slow, ..patient(1, 100) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let pauses = outcome.elapsed_ns / 10_000_000;
    assert!(outcome.reply_bytes <= (pauses + 2) * 1_000, "{} bytes were read", outcome.reply_bytes);
    assert_eq!((outcome.messages, outcome.drained, outcome.unfinished), (0, 1, 0));
    assert_eq!(sent.load(Ordering::SeqCst), 100_000);
}

#[test]
fn an_end_during_a_pause_in_reading_is_noticed() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        stream.read_exact(&mut [0; 66])
    });
    let slow = Slow { read_pause_ms: 20, ..Slow::default() };
    let outcome = run(address, &Scenario { slow, ..patient(2, 60_000) }, |_| {}).unwrap().outcome;
    assert_eq!(outcome.errors.to_string(), "2 early end");
}

#[test]
fn a_ramp_measures_each_number_of_connections_separately() {
    let address = start(|stream, _| serve(&stream, |_| {}));
    let scenario = Scenario { threads: 4, ..patient(50, 20) };
    let mut began = Vec::new();
    let steps = ramp(address, &scenario, &[1, 8, 3], |scenario, phase| {
        if phase == Phase::Connecting {
            began.push(scenario.connections);
        }
    })
    .unwrap()
    .steps;
    assert_eq!(began, [1, 8, 3]);
    for (step, (connections, threads)) in steps.iter().zip([(1, 1), (8, 4), (3, 3)]) {
        let outcome = &step.measurement.outcome;
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert_eq!((step.scenario.connections, step.scenario.threads), (connections, threads));
        assert_eq!(outcome.served, connections as u64);
    }
}

#[test]
fn a_ramp_with_an_invalid_step_is_rejected_before_it_starts() {
    let mut observed = 0;
    let count = |_: &Scenario, _| observed += 1;
    let address = start(|stream, _| serve(&stream, |_| {}));
    let error = ramp(address, &patient(1, 20), &[1, 0], count).unwrap_err().to_string();
    assert!(error.contains("connections must be 1 to"), "{error}");
    assert_eq!(observed, 0);
}
