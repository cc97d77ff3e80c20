//! Windows add up to what one long window would have shown.

use std::time::SystemTime;

use super::*;
use crate::load::{Arrivals, Load};
use crate::outcome::{Bound, ErrorKind};

fn times(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
    let mut times_ns = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    values.into_iter().for_each(|value| times_ns.record(value).unwrap());
    times_ns
}

/// A window of 100 ms in which a client thread was busy for `busy_ms`, and this many round trips took this long.
fn window(messages: u64, took_ns: u64, busy_ms: u64) -> Measurement {
    let thread = ClientThread {
        cpu_ns: busy_ms * 1_000_000,
        elapsed_ns: 100_000_000,
        run_queue_wait_ns: Some(busy_ms * 1_000),
    };
    let outcome = Outcome {
        connections: 50,
        served: 50,
        elapsed_ns: 100_000_000,
        messages,
        drained: 50,
        client_threads: vec![thread],
        ..Outcome::default()
    };
    let latency_ns = times((0..messages + 50).map(|_| took_ns));
    Measurement { outcome, started: SystemTime::UNIX_EPOCH, latency_ns, further_ns: BTreeMap::new() }
}

fn sum(scenario: &Scenario, windows: impl IntoIterator<Item = Measurement>) -> Measurement {
    total(scenario, windows).unwrap().unwrap()
}

fn scenario() -> Scenario {
    Scenario { duration_ms: 100, ..Scenario::default() }
}

#[test]
fn counts_add_up_and_rates_and_percentiles_are_those_of_the_sum() {
    // The mean of the two medians would be 50.5 ms.
    let sum = sum(&scenario(), [window(10, 1_000_000, 20), window(1_000, 5_000_000, 40)]);
    let outcome = &sum.outcome;
    assert_eq!((outcome.messages, outcome.drained, outcome.elapsed_ns), (1_010, 100, 200_000_000));
    assert!((outcome.messages_per_second - 5_050.0).abs() < 1e-9);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (50, 50, 0));
    let latency = outcome.latency.unwrap();
    assert_eq!((latency.samples, latency.p50_ns / 100_000), (1_110, 50), "{latency:?}");
    assert_eq!(outcome.client_threads[0].cpu_ns, 60_000_000);
    assert_eq!(outcome.client_threads[0].run_queue_wait_ns, Some(60_000));
    assert!((outcome.client_cpu_ns_per_message.unwrap() - 60e6 / 1_010.0).abs() < 1e-9);
    assert_eq!(total(&scenario(), []).unwrap().map(|sum| sum.outcome), None);
}

#[test]
fn the_verdict_is_that_of_the_sum() {
    let bound = |windows: [Measurement; 2]| sum(&scenario(), windows).outcome.verdict.unwrap().bound;
    let at = |busy_ms| window(1_000, 5_000_000, busy_ms);
    assert_eq!(bound([at(40), at(50)]), Bound::Server);
    assert_eq!(bound([at(98), at(99)]), Bound::Client);
    // Busy for 75 % of both together.
    assert_eq!(bound([at(98), at(52)]), Bound::Neither);
    let mut wrong = at(50);
    wrong.outcome.errors.add(ErrorKind::WrongByte, || "byte 3 was wrong".to_owned());
    assert_eq!(bound([at(50), wrong.clone()]), Bound::Invalid);
    let errors = sum(&scenario(), [at(50), wrong.clone(), wrong]).outcome.errors;
    assert_eq!((errors.total(), errors.first.as_deref()), (2, Some("byte 3 was wrong")));
}

#[test]
fn a_window_that_was_disturbed_weighs_as_much_as_it_is_long() {
    let with = |steal, stopped_ms: u64| {
        let mut window = window(1_000, 5_000_000, 40);
        (window.outcome.steal, window.outcome.client_not_running_ns) = (steal, stopped_ms * 1_000_000);
        window
    };
    let steal = |windows: [Measurement; 3]| sum(&scenario(), windows).outcome.steal;
    let mean = steal([with(Some(0.03), 0), with(Some(0.0), 0), with(Some(0.0), 0)]).unwrap();
    assert!((mean - 0.01).abs() < 1e-12, "{mean}");
    assert_eq!(steal([with(None, 0), with(None, 0), with(None, 0)]), None);
    let stopped = sum(&scenario(), [with(None, 0), with(None, 150)]).outcome;
    assert_eq!(stopped.verdict.unwrap().bound, Bound::Invalid);
}

#[test]
fn connections_of_churn_and_messages_of_an_open_loop_add_up_with_their_times() {
    let churn = |completed, life: u64| {
        let mut window = window(completed, 1_000_000, 40);
        window.outcome.connections = completed;
        window.outcome.churned = Some(Churned { completed, drained: 1, ..Churned::default() });
        window.further_ns = BTreeMap::from([("life".to_owned(), times((0..completed).map(|_| life)))]);
        window
    };
    let scenario = Scenario { load: Load::Churn, ..scenario() };
    let outcome = sum(&scenario, [churn(10, 1_000), churn(40, 2_000)]).outcome;
    let churned = outcome.churned.unwrap();
    assert_eq!((outcome.connections, churned.completed, churned.drained), (50, 50, 2));
    assert!((churned.completed_per_second - 250.0).abs() < 1e-9);
    let life = churned.life.unwrap();
    assert_eq!((life.samples, life.p50_ns, churned.greeting), (50, 2_000, None));

    let open = |due, lag: u64| {
        let mut window = window(due, 1_000_000, 40);
        window.outcome.open_loop = Some(OpenLoop { due, sent: due, lost: 1, ..OpenLoop::default() });
        window.further_ns = BTreeMap::from([("send_lag".to_owned(), times((0..due).map(|_| lag)))]);
        window
    };
    let load = Load::Open { rate: 500, arrivals: Arrivals::Uniform, seed: 1 };
    let outcome = sum(&Scenario { load, ..scenario }, [open(10, 1_000), open(90, 3_000)]).outcome;
    let open_loop = outcome.open_loop.unwrap();
    assert_eq!((open_loop.due, open_loop.sent, open_loop.lost), (100, 100, 2));
    assert!((open_loop.sent_per_second - 500.0).abs() < 1e-9);
    let lag = open_loop.send_lag.unwrap();
    assert_eq!(lag.samples, 100);
    assert!(lag.p50_ns >= 3_000 && lag.p50_ns < 3_010, "{lag:?}");
}
