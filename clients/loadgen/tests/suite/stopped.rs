//! A load generator that did not run while it measured says so, and blames nobody else.

use std::thread;
use std::time::Duration;

use crate::common::server;
use crate::tool::Tool;
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
    tools.iter_mut().for_each(|tool| tool.wait_for_line("measuring: "));
    tools.iter().for_each(|tool| tool.signal(Signal::STOP));
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
