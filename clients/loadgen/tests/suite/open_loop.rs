//! The open loop: messages are due whatever the server does, and every one of them is accounted for.
//!
//! Nothing here depends on the speed of the machine: times are only compared with lower bounds, and messages are
//! counted.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{answer, listen, patient, serve, start};
use loadgen::{Arrivals, ErrorKind, Load, Measurement, OpenLoop, Outcome, Phase, Scenario, run};
use protocol::GREETING;

const REQUEST_BYTES: usize = 66;

fn at_rate(rate: u64, connections: usize, duration_ms: u64) -> Scenario {
    Scenario {
        load: Load::Open { rate, arrivals: Arrivals::Uniform, seed: 1 },
        ..patient(connections, duration_ms)
    }
}

fn open_loop(outcome: &Outcome) -> &OpenLoop {
    outcome.open_loop.as_ref().expect("the figures of an open loop")
}

/// Each message that was due is in the response times or was lost with its connection.
fn assert_all_accounted_for(outcome: &Outcome) {
    let open = open_loop(outcome);
    let samples = outcome.latency.map_or(0, |latency| latency.samples);
    assert_eq!(open.due, samples + open.lost, "{open:?}");
}

#[test]
fn messages_are_sent_at_the_requested_rate_and_none_before_it_is_due() {
    let (listener, address) = listen();
    let (report, arrivals) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(&[GREETING])?;
        let mut request = [0; REQUEST_BYTES];
        let mut session = protocol::Session::new();
        while stream.read_exact(&mut request).is_ok() {
            report.send(Instant::now()).expect("a test that listens");
            let length = session.transform_in_place(&mut request);
            stream.write_all(&request[..length])?;
        }
        io::Result::Ok(())
    });
    let mut began = None;
    let outcome = run(address, &at_rate(500, 1, 200), |phase| {
        if phase == Phase::Measuring {
            began = Some(Instant::now());
        }
    })
    .unwrap()
    .outcome;

    let arrivals: Vec<Instant> = arrivals.iter().collect();
    assert_eq!(arrivals.len(), 100, "500 per second for 0.2 s");
    for (index, arrived) in (0..).zip(&arrivals) {
        assert!(*arrived >= began.unwrap() + Duration::from_millis(2 * index), "message {index} was early");
    }
    assert_eq!(open_loop(&outcome).due, 100);
    assert_all_accounted_for(&outcome);
    assert_eq!((open_loop(&outcome).unanswered(), outcome.unfinished), (0, 0));
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
}

#[test]
fn several_threads_make_the_rate_together() {
    for arrivals in [Arrivals::Uniform, Arrivals::Poisson] {
        let address = start(|stream, _| serve(&stream, |_| {}));
        let load = Load::Open { rate: 1_000, arrivals, seed: 7 };
        let scenario = Scenario { threads: 3, load, warm_up_ms: 20, ..patient(7, 100) };
        let due: Vec<u64> = (0..2)
            .map(|_| {
                let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
                assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
                assert_all_accounted_for(&outcome);
                open_loop(&outcome).due
            })
            .collect();
        assert_eq!(due[0], due[1], "the same seed makes the same load");
        if arrivals == Arrivals::Uniform {
            assert_eq!(due[0], 100);
        }
    }
}

/// Answers `at` messages one by one, then stalls. Returns how many messages were waiting at the end of the
/// stall.
fn stall_once(mut stream: &TcpStream, at: usize, stall: Duration) -> io::Result<usize> {
    stream.write_all(&[GREETING])?;
    let mut request = [0; REQUEST_BYTES];
    for _ in 0..at {
        stream.read_exact(&mut request)?;
        let length = protocol::Session::new().transform_in_place(&mut request);
        stream.write_all(&request[..length])?;
    }
    thread::sleep(stall);
    let waiting = stream.peek(&mut vec![0; 1 << 20])? / REQUEST_BYTES;
    answer(stream, |_| {})?;
    Ok(waiting)
}

/// Loads a server that stalls for 100 ms after 50 messages. Also returns how many messages were waiting then.
fn load_and_stall(scenario: &Scenario) -> (Measurement, usize) {
    let (listener, address) = listen();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        stall_once(&stream, 50, Duration::from_millis(100))
    });
    let measurement = run(address, scenario, |_| {}).expect("a run, despite the stall");
    let waiting = server.join().expect("a server without a panic").expect("a client that stays");
    (measurement, waiting)
}

#[test]
fn in_an_open_loop_a_stall_delays_every_message_that_is_due_meanwhile() {
    let (measurement, _) = load_and_stall(&at_rate(1_000, 1, 300));
    // Whenever the stall starts, message 50 and all that are due in the next 50 ms wait at least half of it.
    let slow = measurement.latency_ns.count_between(50_000_000, u64::MAX);
    assert!(slow >= 50, "{slow} of {} samples show the stall", measurement.latency_ns.len());
    let latency = measurement.outcome.latency.unwrap();
    assert!(latency.p90_ns >= 50_000_000, "{latency:?}");
    assert_all_accounted_for(&measurement.outcome);
}

#[test]
fn in_a_closed_loop_a_stall_delays_only_one_message() {
    // The window is far longer than the stall.
    let (measurement, waiting) = load_and_stall(&patient(1, 1_000));
    assert_eq!(waiting, 1, "a closed loop sends nothing while it waits for a reply");
    // The client may have sent it only when a part of the stall was over.
    assert!(measurement.latency_ns.max() >= 50_000_000, "the one sample is about as long as the stall");
}

#[test]
fn messages_that_are_never_answered_are_censored_at_their_age() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        io::copy(&mut &stream, &mut io::sink())?;
        loop {
            thread::park();
        }
    });
    let scenario = Scenario { drain_ms: 30, close_ms: 30, ..at_rate(1_000, 2, 50) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!((open.due, open.censored, open.unsent, open.lost), (50, 50, 0, 0));
    assert_all_accounted_for(&outcome);
    // The last message was due 1 ms before the window ended, and two waits of 30 ms followed.
    let latency = outcome.latency.unwrap();
    assert!(latency.p50_ns >= 60_000_000, "{latency:?}");
    assert_eq!(open.service, None, "there are no replies to time");
    assert_eq!(outcome.errors.count(ErrorKind::Stalled), 2);
}

#[test]
fn a_server_that_stops_reading_blocks_the_messages_and_the_rate_is_missed() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        loop {
            thread::park();
        }
    });
    // 64 MiB exceed the socket buffers of both sides.
    let scenario = Scenario { payload_bytes: 1 << 20, drain_ms: 500, close_ms: 10, ..at_rate(2_000, 1, 32) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!((open.due, open.censored + open.unsent), (64, 64));
    assert!(open.sent < 64, "{open:?}");
    assert!(open.rate_missed().is_some());
    let blocked = open.blocked.unwrap();
    assert_eq!(blocked.samples, 64);
    assert!(blocked.max_ns >= 50_000_000, "draining alone took ten times as long: {blocked:?}");
    assert_all_accounted_for(&outcome);
}

#[test]
fn without_any_greeting_all_due_messages_are_unsent() {
    let address = start(|mut stream, _| stream.read_exact(&mut [0]));
    let scenario = Scenario { greeting_wait_ms: 10, ..at_rate(1_000, 2, 40) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!((open.due, open.unsent, open.sent), (40, 40, 0));
    assert!(open.rate_missed().unwrap().contains("no connection"));
    assert_eq!(outcome.errors.count(ErrorKind::NoGreeting), 2);
    assert_all_accounted_for(&outcome);
}

#[test]
fn messages_due_before_the_first_greeting_count_as_blocked_by_the_server() {
    let (listener, address) = listen();
    let (begin, wait_for_window) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        wait_for_window.recv().expect("a test that measures");
        thread::sleep(Duration::from_millis(500));
        serve(&stream, |_| {})
    });
    let scenario = Scenario { greeting_wait_ms: 1, ..at_rate(300, 1, 1_000) };
    let measurement = run(address, &scenario, |phase| {
        if phase == Phase::Measuring {
            begin.send(()).unwrap();
        }
    })
    .unwrap();
    let open = open_loop(&measurement.outcome);
    assert_eq!((open.due, open.unanswered()), (300, 0));
    // Half of the messages wait; the window may start up to 0.3 s after the server's delay does.
    let slow = measurement.latency_ns.count_between(10_000_000, u64::MAX);
    assert!(slow >= 50, "{slow} of {} samples show the wait", measurement.latency_ns.len());
    let blocked = open.blocked.unwrap();
    assert!(blocked.p90_ns >= 10_000_000, "{blocked:?}");
}

#[test]
fn messages_of_failed_connections_are_lost_and_the_others_continue() {
    let address = start(|mut stream, number| {
        if number > 0 {
            return serve(&stream, |_| {});
        }
        stream.write_all(&[GREETING])?;
        stream.read_exact(&mut [0; REQUEST_BYTES])?;
        stream.shutdown(Shutdown::Both)
    });
    let outcome = run(address, &at_rate(1_000, 2, 100), |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!(open.due, 100);
    assert!(open.lost >= 1, "{open:?}");
    assert_eq!(outcome.errors.total(), 1, "{:?}", outcome.errors);
    assert_all_accounted_for(&outcome);
}

/// Answers one message on each connection, then closes them all while the window is still long.
#[test]
fn what_never_became_due_has_no_figure_when_every_connection_is_lost() {
    for threads in [1, 2] {
        let address = start(|mut stream, _| {
            stream.write_all(&[GREETING])?;
            stream.read_exact(&mut [0; REQUEST_BYTES])
        });
        let scenario = Scenario { threads, ..at_rate(100, 2, 600_000) };
        let measurement = run(address, &scenario, |_| {}).unwrap();
        let (outcome, times) = (&measurement.outcome, &measurement.latency_ns);
        assert_eq!(outcome.errors.total(), 2, "{:?}", outcome.errors);
        assert!(outcome.elapsed_ns < 600_000_000_000, "the window ends with the last connection");
        let most = outcome.elapsed_ns / 10_000_000 + 1;
        assert!(open_loop(outcome).due <= most, "{:?}, at most {most}", open_loop(outcome));
        // The server read one message of each connection and answered none.
        assert!(times.is_empty(), "{:?}", outcome.latency);
        assert!(
            outcome.verdict.as_ref().unwrap().reason.contains("none was left after"),
            "{:?}",
            outcome.verdict
        );
        assert_all_accounted_for(outcome);
    }
}

#[test]
fn what_falls_due_where_no_connection_is_left_counts_with_its_age_while_others_are_served() {
    let address = start(|mut stream, number| {
        if number > 0 {
            return serve(&stream, |_| {});
        }
        stream.write_all(&[GREETING])?;
        stream.read_exact(&mut [0; REQUEST_BYTES])
    });
    let scenario = Scenario { threads: 2, ..at_rate(1_000, 2, 300) };
    let measurement = run(address, &scenario, |_| {}).unwrap();
    let open = open_loop(&measurement.outcome);
    // The thread whose connection was closed could send one or a few of its 150 messages.
    assert_eq!(open.due, 300, "{open:?}");
    assert!(open.unsent >= 1, "{open:?}");
    assert!(measurement.latency_ns.min() > 0, "{open:?}");
    assert_all_accounted_for(&measurement.outcome);
}

#[test]
fn messages_are_sent_although_earlier_ones_are_unanswered() {
    let (listener, address) = listen();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(&[GREETING])?;
        // Answers only after all twenty have arrived.
        let mut requests = [0; 20 * REQUEST_BYTES];
        stream.read_exact(&mut requests)?;
        let length = protocol::Session::new().transform_in_place(&mut requests);
        stream.write_all(&requests[..length])?;
        answer(&stream, |_| {})
    });
    let outcome = run(address, &at_rate(1_000, 1, 20), |_| {}).unwrap().outcome;
    server.join().unwrap().unwrap();
    assert_eq!((open_loop(&outcome).due, outcome.unfinished), (20, 0));
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
}
