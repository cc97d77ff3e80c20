//! A load generator that did not run while it measured, or whose machine was busy with something else, says so and blames
//! nobody else.

use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::server;
use crate::tool::{Tool, loadgen};
use loadgen::{Bound, Outcome};
use rustix::process::Signal;

/// How long the tool is stopped.
const STOP: Duration = Duration::from_millis(600);

#[test]
fn a_window_in_which_the_generator_was_stopped_is_invalid_in_every_kind_of_load() {
    let address = server();
    let loads = [&[][..], &["--depth", "8"], &["--churn"], &["--rate", "1000"], &["--think", "1ms"]];
    let mut tools = loads.map(|load| {
        Tool::start(address, &[&["--json", "--connections", "8", "--duration", "10m"][..], load].concat())
    });
    for tool in &mut tools {
        tool.wait_for_line("measuring: ");
    }
    for tool in &tools {
        tool.signal(Signal::STOP);
    }
    thread::sleep(STOP);
    for tool in &tools {
        tool.signal(Signal::CONT);
        tool.signal(Signal::INT);
    }
    for (tool, load) in tools.into_iter().zip(loads) {
        let (_, output) = tool.end();
        let outcome: Outcome = serde_json::from_str(&output).unwrap();
        let verdict = outcome.verdict.unwrap();
        assert_eq!(verdict.bound, Bound::Invalid, "{load:?}: {verdict}");
        assert!(verdict.reason.starts_with("the load generator did not run for "), "{load:?}: {verdict}");
        let missing = Duration::from_nanos(outcome.client_not_running_ns);
        assert!(missing + Duration::from_millis(50) >= STOP, "{load:?}: {missing:?}");
    }
}

#[test]
fn a_machine_that_other_programs_keep_busy_is_named_in_the_verdict() {
    let busy = AtomicBool::new(true);
    let cpus = thread::available_parallelism().unwrap().get();
    let outcome: Outcome = thread::scope(|scope| {
        for _ in 0..2 * cpus {
            scope.spawn(|| {
                while busy.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let address = server().to_string();
        let output = loadgen(&[&address, "--json", "--quiet", "--warm-up", "0ms", "--duration", "300ms"]);
        busy.store(false, Ordering::Relaxed);
        serde_json::from_slice(&output.stdout).expect("an outcome")
    });
    let verdict = outcome.verdict.unwrap();
    assert_eq!(verdict.bound, Bound::Invalid, "{verdict}");
    assert!(verdict.reason.contains("other programs took ") && verdict.reason.contains(" CPU"), "{verdict}");
    assert!(outcome.other_programs.unwrap() > 0.3, "{:?}", outcome.other_programs);
}
