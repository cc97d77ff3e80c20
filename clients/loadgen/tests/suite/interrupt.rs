//! Runs that are ended early: by a handle, by Ctrl-C and by a second Ctrl-C.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::common::{answer, patient, server, start};
use crate::tool::Tool;
use loadgen::{Arrivals, Handle, Load, Outcome, Phase, Scenario, ramp_until, run_until};
use protocol::GREETING;
use rustix::process::Signal;

/// Longer than any test may take, so that only a stop can have ended it.
const LONG_MS: u64 = 600_000;

/// Runs until the first messages have been answered within the window.
fn stopped_run(scenario: &Scenario) -> Outcome {
    let handle = Handle::new();
    let watcher = handle.clone();
    let stopper = thread::spawn(move || {
        while watcher.messages() == 0 {
            thread::yield_now();
        }
        watcher.stop();
    });
    let measurement = run_until(server(), scenario, &handle, |_| {}).expect("a run");
    stopper.join().expect("no panic");
    measurement.expect("a window").outcome
}

#[test]
fn a_stopped_run_reports_what_it_measured() {
    for load in [Load::Closed, Load::Churn, Load::Open { rate: 1_000, arrivals: Arrivals::Uniform, seed: 0 }]
    {
        let outcome = stopped_run(&Scenario { load, threads: 2, ..patient(4, LONG_MS) });
        assert!(outcome.interrupted, "{outcome:?}");
        assert!(outcome.messages > 0, "{outcome:?}");
        assert!(outcome.elapsed_ns < LONG_MS * 1_000_000, "{outcome:?}");
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert_eq!(outcome.unfinished, 0, "messages in flight are drained: {outcome:?}");
    }
}

#[test]
fn messages_due_after_the_stop_are_not_counted() {
    let load = Load::Open { rate: 1_000, arrivals: Arrivals::Uniform, seed: 0 };
    let outcome = stopped_run(&Scenario { load, ..patient(1, LONG_MS) });
    let open = outcome.open_loop.expect("the figures of an open loop");
    assert_eq!(open.due, outcome.elapsed_ns.div_ceil(1_000_000), "one each millisecond: {open:?}");
    assert_eq!(outcome.latency.expect("times").samples, open.due);
}

#[test]
fn a_run_that_is_stopped_before_its_window_measures_nothing() {
    for phase in [Phase::Connecting, Phase::Greeting, Phase::WarmUp] {
        let handle = Handle::new();
        let scenario = Scenario { warm_up_ms: LONG_MS, ..patient(2, LONG_MS) };
        let measurement = run_until(server(), &scenario, &handle, |begun| {
            if begun == phase {
                handle.stop();
            }
        });
        assert!(measurement.unwrap().is_none(), "{phase:?}");
    }
}

#[test]
fn a_run_that_waits_for_a_greeting_can_be_stopped() {
    let handle = Handle::new();
    let stopper = handle.clone();
    let address = start(move |mut stream, _| {
        // Accepted, so the client is about to wait for the greeting.
        stopper.stop();
        stream.read_exact(&mut [0])
    });
    let begun = Instant::now();
    let scenario = Scenario { greeting_wait_ms: LONG_MS, ..patient(1, LONG_MS) };
    assert!(run_until(address, &scenario, &handle, |_| {}).unwrap().is_none());
    assert!(begun.elapsed() < Duration::from_millis(LONG_MS));
}

#[test]
fn a_stopped_ramp_keeps_its_finished_steps() {
    let handle = Handle::new();
    let steps = ramp_until(server(), &patient(1, 20), &[1, 2, 3], &handle, |scenario, phase| {
        if scenario.connections == 2 && phase == Phase::Greeting {
            handle.stop();
        }
    });
    let connections: Vec<usize> = steps.unwrap().steps.iter().map(|step| step.scenario.connections).collect();
    assert_eq!(connections, [1]);
}

#[test]
fn a_run_that_is_not_stopped_is_not_interrupted() {
    let outcome = run_until(server(), &patient(1, 20), &Handle::new(), |_| {}).unwrap().unwrap().outcome;
    assert!(!outcome.interrupted);
}

#[test]
fn an_interrupt_ends_the_run_and_prints_what_was_measured() {
    let mut tool = Tool::start(server(), &["--json", "--duration", "10m"]);
    tool.wait_for_line("measuring: ");
    tool.signal(Signal::INT);
    let (code, output) = tool.end();
    assert_eq!(code, Some(130));
    let outcome: Outcome = serde_json::from_str(&output).unwrap();
    assert!(outcome.interrupted && outcome.messages > 0, "{outcome:?}");
}

#[test]
fn every_signal_to_stop_prints_what_was_measured() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut tool = Tool::start(server(), &["--json", "--duration", "10m"]);
        tool.wait_for_line("measuring: ");
        tool.signal(signal);
        let (ended, output) = tool.end();
        assert_eq!(ended, Some(code), "{signal:?}");
        let outcome: Outcome = serde_json::from_str(&output).unwrap();
        assert!(outcome.interrupted && outcome.messages > 0, "{outcome:?}");
    }
}

/// Greets and then neither reads nor closes, so that draining takes long.
fn silent_server() -> SocketAddr {
    start(|mut stream, _| {
        stream.write_all(&[GREETING])?;
        loop {
            thread::park();
        }
    })
}

#[test]
fn a_second_interrupt_after_a_pause_ends_the_process_at_once() {
    let mut tool = Tool::start(silent_server(), &["--duration", "10m"]);
    tool.wait_for_line("measuring");
    tool.signal(Signal::INT);
    tool.wait_for_line("draining");
    // Not before half a second is over.
    while !tool.has_ended() {
        tool.signal(Signal::INT);
        thread::sleep(Duration::from_millis(20));
    }
    let (code, output) = tool.end();
    assert_eq!((code, output.as_str()), (Some(130), ""));
}

/// Terminals, `timeout` and package managers send one stop as two signals within milliseconds.
#[test]
fn one_stop_that_arrives_as_two_signals_prints_what_was_measured() {
    let mut tool = Tool::start(server(), &["--json", "--duration", "10m"]);
    tool.wait_for_line("measuring: ");
    // Different ones, since pending signals of one kind are merged.
    tool.signal(Signal::INT);
    tool.signal(Signal::TERM);
    let (code, output) = tool.end();
    // Both are pending at once, and which of them is handled first is up to the system.
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
    let outcome: Outcome = serde_json::from_str(&output).unwrap();
    assert!(outcome.interrupted && outcome.messages > 0, "{outcome:?}");
}

#[test]
fn connections_are_greeted_first_and_the_load_starts_at_the_given_time() {
    // As far ahead as this machine needs to start the tool.
    assert!(
        [1, 10, 60].into_iter().any(starts_at_the_given_time),
        "a minute was not enough to start the tool"
    );
}

/// Lets the load start after that many seconds; false if the tool was not ready by then.
fn starts_at_the_given_time(seconds: u64) -> bool {
    let time = SystemTime::now() + Duration::from_secs(seconds);
    let time = humantime::format_rfc3339_millis(time).to_string();
    let begin = humantime::parse_rfc3339(&time).unwrap();
    let (early, in_time) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counters = (Arc::clone(&early), Arc::clone(&in_time));
    let address = start(move |mut stream, _| {
        stream.write_all(&[GREETING])?;
        stream.peek(&mut [0])?;
        let counter = if SystemTime::now() < begin { &counters.0 } else { &counters.1 };
        counter.fetch_add(1, Ordering::Relaxed);
        answer(&stream, |_| {})
    });
    let mut tool = Tool::start(address, &["--json", "--duration", "300ms", "--start-at", &time]);
    if !(tool.prints("greeting") && tool.prints("waiting until")) {
        assert!(SystemTime::now() >= begin, "the tool ended, but the start time was still ahead");
        return false;
    }
    tool.wait_for_line("warming up");
    let (code, output) = tool.end();
    let outcome: Outcome = serde_json::from_str(&output).unwrap();
    assert_eq!((code, outcome.served, outcome.errors.total()), (Some(0), 50, 0), "{outcome:?}");
    assert_eq!((early.load(Ordering::Relaxed), in_time.load(Ordering::Relaxed)), (0, 50));
    true
}
