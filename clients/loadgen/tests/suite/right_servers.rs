//! How the load generator reports a correct server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::common::{address_without_listener, answer, listen, patient, serve, start};
use loadgen::{Bound, Dialect, Phase, Scenario, run};
use protocol::GREETING;

#[test]
fn every_reply_of_a_correct_server_is_counted() {
    let answered = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&answered);
    let address = start(move |stream, _| {
        serve(&stream, |reply| {
            counter.fetch_add(reply.len() as u64, Ordering::Relaxed);
        })
    });
    let mut answered_when_drained = 0;
    let measurement = run(address, &patient(8, 100), |phase| {
        if phase == Phase::Closing {
            answered_when_drained = answered.load(Ordering::Relaxed);
        }
    })
    .unwrap();
    let outcome = &measurement.outcome;
    let messages = outcome.messages + outcome.drained;

    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (8, 8, 0));
    assert!(messages >= 8, "each connection sends at least one message");
    assert_eq!(outcome.unfinished, 0);
    assert_eq!(messages * 64, answered.load(Ordering::Relaxed));
    assert_eq!(messages * 64, answered_when_drained);
    assert!(outcome.reply_bytes >= outcome.messages * 64);
    assert!(outcome.elapsed_ns >= 100_000_000);
    assert_eq!(outcome.client_cpu_ns_per_message.is_some(), outcome.messages > 0);

    // The first message of each connection is sent before the window starts.
    assert_eq!(measurement.latency_ns.len() + 8, messages);
    if let Some(latency) = outcome.latency {
        assert_eq!(latency.samples + 8, messages);
        assert!(latency.p50_ns <= latency.p90_ns && latency.p90_ns <= latency.p99_ns);
        assert!(latency.p99_ns <= latency.p999_ns && latency.p999_ns <= latency.max_ns);
    }
}

#[test]
fn the_counts_of_several_threads_are_added_up() {
    let address = start(|stream, _| answer_at_the_end(&stream));
    // Seven connections on three threads: the shares differ in size.
    let scenario = Scenario { threads: 3, drain_ms: 10, ..patient(7, 20) };
    let measurement = run(address, &scenario, |_| {}).unwrap();
    let outcome = &measurement.outcome;

    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (7, 7, 0));
    assert_eq!((outcome.messages, outcome.drained, outcome.unfinished), (0, 7, 0));
    assert_eq!(outcome.client_threads.len(), 3);
    let verdict = outcome.verdict.as_ref().unwrap();
    assert_eq!(verdict.bound, Bound::Invalid, "{verdict}");
    assert!(outcome.client_threads.iter().all(|thread| thread.cpu_ns > 0), "{:?}", outcome.client_threads);
    let longest = outcome.client_threads.iter().map(|thread| thread.elapsed_ns).max();
    assert_eq!(longest, Some(outcome.elapsed_ns));
}

#[test]
fn warm_up_is_not_measured() {
    let answered = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&answered);
    let address = start(move |stream, _| {
        serve(&stream, |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
    });
    let mut before = 0;
    let outcome = run(address, &Scenario { warm_up_ms: 50, ..patient(2, 50) }, |phase| {
        if phase == Phase::Measuring {
            // The warm-up has sent requests: wait for at least one answer that must not be counted.
            while answered.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            before = answered.load(Ordering::Relaxed);
        }
    })
    .unwrap()
    .outcome;
    // A message answered before the window but read within it still counts: at most one per connection.
    let measured = outcome.messages + outcome.drained;
    let after = answered.load(Ordering::Relaxed) - before;
    assert!((after..=after + 2).contains(&measured), "{measured} measured, {after} answered");
}

#[test]
fn many_messages_can_be_in_flight() {
    let address = start(|stream, _| serve(&stream, |_| {}));
    let outcome = run(address, &Scenario { depth: 64, ..patient(4, 50) }, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    // All messages in flight at the end of the window are still answered.
    assert_eq!((outcome.drained, outcome.unfinished), (4 * 64, 0));
}

#[test]
fn large_messages_do_not_deadlock_with_a_server_that_blocks_on_writing() {
    let address = start(|stream, _| serve(&stream, |_| {}));
    // The second case has more in flight than the socket buffers of both sides hold.
    for (payload_bytes, depth) in [(64 * 1024, 4), (1024 * 1024, 16)] {
        let scenario = Scenario { payload_bytes, depth, ..patient(2, 20) };
        let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert!(outcome.messages + outcome.drained >= 2 * depth as u64);
    }
}

#[test]
fn replies_can_arrive_one_byte_at_a_time() {
    let address = start(|stream, _| {
        stream.set_nodelay(true)?;
        let mut bytewise = stream.try_clone()?;
        serve(&stream, move |reply| {
            for byte in reply.drain(..) {
                // The next read reports a failure.
                let _ = bytewise.write_all(&[byte]);
            }
        })
    });
    let outcome = run(address, &patient(2, 50), |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert!(outcome.messages + outcome.drained > 0);
}

#[test]
fn a_raw_echo_server_is_loaded_in_the_echo_dialect() {
    let address = start(|stream, _| io::copy(&mut &stream, &mut &stream).map(drop));
    let scenario = Scenario { dialect: Dialect::Echo, depth: 2, ..patient(4, 50) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.served, outcome.starved), (4, 0));
    assert!(outcome.messages + outcome.drained >= 4 * 2);
}

/// A server that accepts only one client and signals when it has greeted it.
fn server_of_one_client() -> (SocketAddr, mpsc::Receiver<()>) {
    let (listener, address) = listen();
    let (greeted, wait_for_greeting) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        (&stream).write_all(&[GREETING]).unwrap();
        greeted.send(()).unwrap();
        answer(&stream, |_| {}).unwrap();
    });
    (address, wait_for_greeting)
}

#[test]
fn starved_clients_of_a_sequential_server_are_not_errors() {
    let (address, wait_for_greeting) = server_of_one_client();
    let scenario = Scenario { greeting_wait_ms: 10, ..patient(5, 50) };
    let outcome = run(address, &scenario, |phase| {
        if phase == Phase::Greeting {
            wait_for_greeting.recv().unwrap();
        }
    })
    .unwrap()
    .outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (5, 1, 4));
    assert!(outcome.messages + outcome.drained > 0);
}

#[test]
fn clients_count_as_starved_when_a_client_of_another_thread_was_served() {
    let (address, wait_for_greeting) = server_of_one_client();
    let scenario = Scenario { threads: 2, greeting_wait_ms: 10, ..patient(4, 50) };
    let outcome = run(address, &scenario, |phase| {
        if phase == Phase::Greeting {
            wait_for_greeting.recv().unwrap();
        }
    })
    .unwrap()
    .outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.served, outcome.starved), (1, 3));
}

#[test]
fn a_connection_that_is_greeted_late_joins_the_load() {
    let (greet, wait_for_signal) = mpsc::channel();
    let (greeted, wait_for_greeting) = mpsc::channel();
    let (listener, address) = listen();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        wait_for_signal.recv().unwrap();
        let mut answered = 0;
        // The greeting is the first byte written, and is signalled right after.
        (&stream).write_all(&[GREETING]).unwrap();
        greeted.send(()).unwrap();
        answer(&stream, |reply| answered += reply.len()).unwrap();
        answered
    });
    let scenario = Scenario { greeting_wait_ms: 1, ..patient(1, 50) };
    let outcome = run(address, &scenario, |phase| {
        if phase == Phase::WarmUp {
            greet.send(()).unwrap();
        }
        if phase == Phase::Measuring {
            wait_for_greeting.recv().unwrap();
        }
    })
    .unwrap()
    .outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.served, 1);
    assert_eq!((outcome.messages + outcome.drained) * 64, server.join().unwrap() as u64);
}

#[test]
fn a_server_that_has_greeted_nobody_in_time_is_given_more() {
    let address = start(|stream: TcpStream, _| {
        thread::sleep(Duration::from_millis(600));
        (&stream).write_all(&[GREETING])?;
        answer(&stream, |_| {})
    });
    let scenario = Scenario { greeting_wait_ms: 200, ..patient(2, 20) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.served, 2);
}

#[test]
fn answers_that_arrive_together_with_the_end_are_read_before_it() {
    let address = start(|stream, _| answer_at_the_end(&stream));
    // With many connections, some ends arrive before their answers are read.
    let scenario = Scenario { drain_ms: 10, ..patient(200, 10) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.messages, outcome.drained, outcome.unfinished), (0, 200, 0));
}

/// Answers everything at once, after the client has closed its side.
fn answer_at_the_end(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(&[GREETING])?;
    let mut requests = Vec::new();
    stream.read_to_end(&mut requests)?;
    let length = protocol::Session::new().transform_in_place(&mut requests);
    stream.write_all(&requests[..length])
}

#[test]
fn phases_are_reported_in_order() {
    let address = start(|stream, _| serve(&stream, |_| {}));
    let mut phases = Vec::new();
    run(address, &patient(1, 10), |phase| phases.push(phase)).unwrap();
    assert_eq!(
        phases,
        [
            Phase::Connecting,
            Phase::Greeting,
            Phase::WarmUp,
            Phase::Measuring,
            Phase::Draining,
            Phase::Closing
        ]
    );
}

#[test]
fn an_address_without_a_listener_is_named() {
    let (address, _end, _listener) = address_without_listener();
    let message = format!("{:#}", run(address, &patient(1, 10), |_| {}).unwrap_err());
    assert!(message.contains(&address.to_string()) && message.contains("nothing listens there"), "{message}");
}
