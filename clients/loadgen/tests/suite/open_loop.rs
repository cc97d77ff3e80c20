//! The open loop: what is due is due, whatever the server does, and nothing is forgotten.
//!
//! Nothing here depends on how fast the machine is: times are only ever compared with what they cannot fall
//! short of, and messages are counted.

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
    outcome.open_loop.as_ref().expect("what an open loop tells")
}

/// Each message that was due is in the response times, or was lost with its connection.
fn assert_nothing_is_forgotten(outcome: &Outcome) {
    let open = open_loop(outcome);
    let samples = outcome.latency.map_or(0, |latency| latency.samples);
    assert_eq!(open.due, samples + open.lost, "{open:?}");
}

#[test]
fn as_many_messages_go_out_as_were_asked_for_and_none_before_it_is_due() {
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
    assert_eq!(arrivals.len(), 100, "500 a second for 0.2 s");
    for (index, arrived) in (0..).zip(&arrivals) {
        assert!(*arrived >= began.unwrap() + Duration::from_millis(2 * index), "message {index} was early");
    }
    assert_eq!(open_loop(&outcome).due, 100);
    assert_nothing_is_forgotten(&outcome);
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
                assert_nothing_is_forgotten(&outcome);
                open_loop(&outcome).due
            })
            .collect();
        assert_eq!(due[0], due[1], "the same seed makes the same load");
        if arrivals == Arrivals::Uniform {
            assert_eq!(due[0], 100);
        }
    }
}

/// Reads message by message, and before it answers the given one it stalls. Tells how many messages had
/// arrived when it had stalled.
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

/// Load on a server that stalls 100 ms after 50 messages; with it, how many messages waited meanwhile.
fn load_and_stall(scenario: &Scenario) -> (Measurement, usize) {
    let (listener, address) = listen();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        stall_once(&stream, 50, Duration::from_millis(100))
    });
    let measurement = run(address, scenario, |_| {}).expect("a run, however long the stall");
    let waiting = server.join().expect("a server without a panic").expect("a client that stays");
    (measurement, waiting)
}

#[test]
fn a_stall_shows_in_the_open_loop_in_every_message_that_was_due_meanwhile() {
    let (measurement, _) = load_and_stall(&at_rate(1_000, 1, 300));
    // Whenever the stall begins, message 50 and all that follow within 50 ms wait for half of it at least.
    let slow = measurement.latency_ns.count_between(50_000_000, u64::MAX);
    assert!(slow >= 50, "{slow} of {} samples show the stall", measurement.latency_ns.len());
    let latency = measurement.outcome.latency.unwrap();
    assert!(latency.p90_ns >= 50_000_000, "{latency:?}");
    assert_nothing_is_forgotten(&measurement.outcome);
}

#[test]
fn a_stall_hides_from_the_closed_loop_which_has_only_one_message_in_it() {
    // The window is far longer than the stall, for any machine.
    let (measurement, waiting) = load_and_stall(&patient(1, 1_000));
    assert_eq!(waiting, 1, "a closed loop waits like the server that it measures");
    assert!(measurement.latency_ns.max() >= 99_000_000, "the one sample is as long as the stall");
}

#[test]
fn what_the_server_never_answers_is_censored_at_its_age() {
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
    assert_nothing_is_forgotten(&outcome);
    // The youngest was due 1 ms before the window ended and was waited for in two phases of 30 ms.
    let latency = outcome.latency.unwrap();
    assert!(latency.p50_ns >= 60_000_000, "{latency:?}");
    assert_eq!(open.service, None, "there is no reply to time");
    assert_eq!(outcome.errors.count(ErrorKind::Stalled), 2);
}

#[test]
fn a_server_that_takes_nothing_in_blocks_the_messages_and_the_rate_is_missed() {
    let address = start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        loop {
            thread::park();
        }
    });
    // 64 MiB are more than the socket buffers of both sides hold.
    let scenario = Scenario { payload_bytes: 1 << 20, drain_ms: 500, close_ms: 10, ..at_rate(2_000, 1, 32) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!((open.due, open.censored + open.unsent), (64, 64));
    assert!(open.sent < 64, "{open:?}");
    assert!(open.rate_missed().is_some());
    let blocked = open.blocked.unwrap();
    assert_eq!(blocked.samples, 64);
    assert!(blocked.max_ns >= 50_000_000, "the draining alone was ten times as long: {blocked:?}");
    assert_nothing_is_forgotten(&outcome);
}

#[test]
fn with_nobody_greeted_everything_that_was_due_is_unsent() {
    let address = start(|mut stream, _| stream.read_exact(&mut [0]));
    let scenario = Scenario { greeting_wait_ms: 10, ..at_rate(1_000, 2, 40) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    let open = open_loop(&outcome);
    assert_eq!((open.due, open.unsent, open.sent), (40, 40, 0));
    assert!(open.rate_missed().unwrap().contains("no connection"));
    assert_eq!(outcome.errors.count(ErrorKind::NoGreeting), 2);
    assert_nothing_is_forgotten(&outcome);
}

#[test]
fn what_was_due_before_anybody_was_greeted_is_timed_from_then_and_that_is_the_servers_doing() {
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
    // Half of the messages wait; the window may begin up to 0.3 s after the server was told to.
    let slow = measurement.latency_ns.count_between(10_000_000, u64::MAX);
    assert!(slow >= 50, "{slow} of {} samples show the wait", measurement.latency_ns.len());
    let blocked = open.blocked.unwrap();
    assert!(blocked.p90_ns >= 10_000_000, "{blocked:?}");
}

#[test]
fn messages_of_failed_connections_are_lost_and_the_others_go_on() {
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
    assert_nothing_is_forgotten(&outcome);
}

#[test]
fn messages_go_out_although_earlier_ones_are_unanswered() {
    let (listener, address) = listen();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(&[GREETING])?;
        // Answers nothing before it has all twenty.
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
