//! Each verdict and what leads to it.

use super::*;
use crate::load::Arrivals;
use crate::outcome::{ErrorKind, Latency, OpenLoop};

/// One thread, one second, 50 in flight at 10,000 a second: the mean round trip is 5 ms.
fn closed(busy: f64, waited: f64) -> (Scenario, Outcome, f64) {
    let part = |share: f64| std::time::Duration::from_secs_f64(share).as_nanos().try_into().unwrap();
    let thread =
        ClientThread { cpu_ns: part(busy), elapsed_ns: 1_000_000_000, run_queue_wait_ns: Some(part(waited)) };
    let outcome = Outcome {
        messages: 10_000,
        messages_per_second: 10_000.0,
        client_threads: vec![thread],
        ..Outcome::default()
    };
    (Scenario::default(), outcome, 5e6)
}

fn open(due: u64, sent: u64, messages: u64, late_ns: u64) -> (Scenario, Outcome, f64) {
    let (scenario, outcome, mean) = closed(0.3, 0.0);
    let load = Load::Open { rate: due, arrivals: Arrivals::Uniform, seed: 0 };
    let p50 = |p50_ns| Some(Latency { p50_ns, ..Latency::default() });
    let open_loop = OpenLoop { due, sent, generator_late: p50(late_ns), ..OpenLoop::default() };
    let outcome = Outcome { messages, latency: p50(100_000), open_loop: Some(open_loop), ..outcome };
    (Scenario { load, ..scenario }, outcome, mean)
}

fn verdict((scenario, outcome, mean): &(Scenario, Outcome, f64)) -> Verdict {
    judge(scenario, outcome, *mean)
}

#[test]
fn a_client_that_mostly_sleeps_with_many_messages_in_flight_is_server_bound() {
    assert_eq!(verdict(&closed(0.4, 0.1)).bound, Bound::Server);
}

#[test]
fn a_saturated_client_is_client_bound() {
    assert_eq!(verdict(&closed(0.95, 0.0)).bound, Bound::Client);
    let waiting = verdict(&closed(0.5, 0.45));
    assert_eq!(waiting.bound, Bound::Client);
    assert!(waiting.reason.contains("95 %"), "{waiting}");
    // Nobody is told to end other programs where only the client was busy.
    assert!(waiting.reason.contains("45 % it waited while the server or other programs"), "{waiting}");
    assert!(!verdict(&closed(0.95, 0.0)).reason.contains("other programs"));
}

#[test]
fn a_moderate_load_or_few_messages_in_flight_is_neither() {
    assert_eq!(verdict(&closed(0.8, 0.0)).bound, Bound::Neither);
    let (scenario, outcome, _) = closed(0.4, 0.0);
    let few = (Scenario { connections: 1, ..scenario }, outcome, 1e5);
    assert_eq!(verdict(&few).bound, Bound::Neither);
}

#[test]
fn figures_that_contradict_each_other_are_invalid() {
    let (scenario, outcome, mean) = closed(0.4, 0.0);
    let contradiction = verdict(&(scenario, outcome, mean * 0.85));
    assert_eq!(contradiction.bound, Bound::Invalid);
    assert!(contradiction.reason.contains("42.5") && contradiction.reason.contains("50.0"));
}

#[test]
fn replies_that_a_stalled_server_sends_after_the_window_contradict_nothing() {
    let (scenario, outcome, mean) = closed(0.4, 0.0);
    let elapsed = 10_000_000_000;
    let scenario = Scenario { duration_ms: elapsed / 1_000_000, ..scenario };
    let outcome = Outcome { elapsed_ns: elapsed, ..outcome };
    let latency = |max_ns| Some(Latency { max_ns, ..Latency::default() });
    let stalled =
        (scenario.clone(), Outcome { latency: latency(elapsed * 3 / 2), ..outcome.clone() }, mean * 2.2);
    assert_ne!(verdict(&stalled).bound, Bound::Invalid);
    let prompt = (scenario, Outcome { latency: latency(elapsed / 2), ..outcome }, mean * 2.2);
    assert_eq!(verdict(&prompt).bound, Bound::Invalid);
}

#[test]
fn a_client_that_did_not_run_is_to_blame_before_anything_that_may_follow_from_it() {
    let stopped = |(scenario, outcome, mean), missing_ns| {
        let outcome = Outcome { elapsed_ns: 10_000_000_000, client_not_running_ns: missing_ns, ..outcome };
        verdict(&(scenario, outcome, mean))
    };
    let mut failed = closed(0.4, 0.0);
    failed.1.errors.add(ErrorKind::Reset, || "gone".to_owned());
    for run in [closed(0.4, 0.0), closed(0.95, 0.0), failed, open(1_000, 500, 500, 10_000)] {
        let verdict = stopped(run, 2_000_000_000);
        assert_eq!(verdict.bound, Bound::Invalid);
        assert!(verdict.reason.contains("did not run for 2.00 s"), "{verdict}");
    }
    // A thousandth of the window changes no percentile that is shown.
    assert_eq!(stopped(closed(0.4, 0.0), 10_000_000).bound, Bound::Server);
}

#[test]
fn a_window_that_ended_with_the_last_connection_says_when() {
    let mut lost = closed(0.4, 0.0);
    lost.1.errors.add(ErrorKind::Reset, || "gone".to_owned());
    lost.1.elapsed_ns = 580_000_000;
    assert!(
        verdict(&lost).reason.ends_with("1 reset; none was left after 0.58 of 1.00 s"),
        "{}",
        verdict(&lost)
    );
    lost.1.elapsed_ns = 1_000_000_001;
    assert!(verdict(&lost).reason.ends_with("1 reset"), "{}", verdict(&lost));
}

#[test]
fn failures_steal_time_and_no_answers_are_invalid() {
    let mut failed = closed(0.4, 0.0);
    failed.1.errors.add(ErrorKind::Reset, || "gone".to_owned());
    let mut stolen = closed(0.4, 0.0);
    stolen.1.steal = Some(0.03);
    let mut silent = closed(0.4, 0.0);
    silent.1.messages = 0;
    for (run, word) in [(failed, "1 reset"), (stolen, "3.0 %"), (silent, "no message")] {
        let verdict = verdict(&run);
        assert_eq!(verdict.bound, Bound::Invalid);
        assert!(verdict.reason.contains(word), "{verdict}");
    }
}

#[test]
fn an_open_loop_is_judged_by_its_rate_its_lateness_and_its_answers() {
    assert_eq!(verdict(&open(1_000, 1_000, 1_000, 10_000)).bound, Bound::Neither);
    assert_eq!(verdict(&open(1_000, 1_000, 980, 10_000)).bound, Bound::Server);
    assert_eq!(verdict(&open(1_000, 1_000, 1_000, 60_000)).bound, Bound::Client);
    assert_eq!(verdict(&open(1_000, 980, 980, 10_000)).bound, Bound::Invalid);
}

#[test]
fn neither_becomes_server_bound_when_the_server_uses_nine_tenths_of_its_cpus() {
    let run = closed(0.8, 0.0);
    let neither = verdict(&run);
    assert_eq!(neither.bound, Bound::Neither);
    let with = |load, cpus| neither.clone().with_server(&run.1, load, cpus);
    let refined = with(0.9, 1);
    assert_eq!(refined.bound, Bound::Server);
    assert!(refined.reason.contains("90 % of the one CPU") && refined.reason.contains("80 %"), "{refined}");
    assert!(with(1.9, 2).reason.contains("95 % of the 2 CPUs"));
    for unchanged in [with(0.89, 1), with(0.9, 2), with(f64::NAN, 1)] {
        assert_eq!(unchanged, neither);
    }
}

#[test]
fn a_window_that_others_disturbed_is_invalid_and_says_by_how_much() {
    let judged = |bound, share| {
        let verdict = Verdict { bound, reason: "as it was".to_owned() };
        verdict.with_others(Some(Others { cpus: 2, share }))
    };
    for bound in [Bound::Server, Bound::Client, Bound::Neither] {
        assert_eq!(judged(bound, 0.85).to_string(), "invalid: other programs took 1.7 of 2 CPUs");
        assert_eq!(judged(bound, MAX_OTHERS).bound, bound);
        assert_eq!(judged(bound, 0.85).with_others(None).bound, Bound::Invalid);
    }
    assert_eq!(judged(Bound::Invalid, 0.85).reason, "as it was; other programs took 1.7 of 2 CPUs");
    assert_eq!(judged(Bound::Invalid, 0.0).reason, "as it was");
}

#[test]
fn no_other_verdict_changes_with_what_the_server_used() {
    let mut failed = closed(0.4, 0.0);
    failed.1.errors.add(ErrorKind::Reset, || "gone".to_owned());
    for run in [failed, closed(0.95, 0.0), closed(0.4, 0.0)] {
        let before = verdict(&run);
        assert_ne!(before.bound, Bound::Neither);
        assert_eq!(before.clone().with_server(&run.1, 1.0, 1), before);
    }
}
