//! Faults of a server's process, observed from outside: each planted fault is reported, and a process without a fault
//! passes. The servers are this test binary itself, started again as a child.

mod acceptors;
mod child;

use std::env;
use std::process::Command;
use std::time::Duration;

use crate::support::{self, Fault};
use child::{AsChild, WORKERS};
use conformance::{Concurrency, Options, Outcome, Target, find};

#[test]
fn a_process_without_a_fault_passes() {
    for id in [
        "A3", "D4", "E1", "E2", "E5", "E6", "F8", "F9", "G2", "G5", "G6", "G7", "G8", "G9", "H5", "H12", "I1",
    ] {
        let outcome = outcome_of(Fault::Nothing, id, Duration::from_secs(60));
        assert_eq!(outcome, Outcome::Passed, "{id} {outcome}");
    }
}

#[test]
fn a_leaked_descriptor_is_reported() {
    assert_step(Fault::LeaksDescriptors, "E2", "afterwards: no clients left");
}

#[test]
fn a_leaked_thread_is_reported() {
    assert_step(Fault::LeaksThreads, "E2", "afterwards: no clients left");
}

#[test]
fn stored_replies_are_reported_by_their_memory() {
    assert_step(Fault::StoresReplies, "F1", "server memory");
}

#[test]
fn a_server_that_spins_is_reported() {
    assert_step(Fault::Spins, "A3", "afterwards: idle");
}

#[test]
fn a_server_that_wakes_up_too_often_is_reported() {
    assert_step(Fault::WakesTooOften, "A3", "afterwards: idle");
}

#[test]
fn megabytes_that_each_client_leaks_are_reported() {
    assert_step(Fault::KeepsMegabytes, "A3", "afterwards: no clients left");
}

#[test]
fn a_server_that_is_always_late_is_reported() {
    // The server is late, but within this patience, so the case itself passes.
    let outcome = outcome_of(Fault::ServesLate, "A3", Duration::from_secs(60));
    assert_failed(&outcome, "afterwards, a new client: visit");
    let outcome = outcome_of(Fault::ServesLate, "F6", Duration::from_secs(60));
    assert_failed(&outcome, "greeting beside a silent client");
}

#[test]
fn a_client_that_is_not_counted_is_reported() {
    assert_step(Fault::Miscounts, "A3", "afterwards, SIGTERM: count");
    assert_step(Fault::Miscounts, "E5", "afterwards, SIGTERM: count");
    assert_step(Fault::Miscounts, "H1", "count");
}

#[test]
fn a_server_that_does_not_exit_cleanly_is_reported() {
    assert_step(Fault::HandlesNoSignals, "A3", "afterwards, SIGTERM: end");
}

#[test]
fn an_acceptor_that_forgets_clients_waiting_for_a_descriptor_is_reported() {
    assert_fails(Fault::ForgetsTheEdge, "G2", "with room for 20: greeting");
}

#[test]
fn an_acceptor_that_accepts_one_client_per_event_is_reported() {
    assert_fails(Fault::AcceptsOncePerEvent, "G7", "of the backlog: greeting");
}

#[test]
fn a_full_connection_table_is_reported() {
    for id in ["G6", "G7"] {
        assert_fails(Fault::HasATableOf1000, id, ": greeting");
    }
}

#[test]
fn workers_lost_to_panics_are_reported() {
    let workers = Concurrency::Workers(WORKERS);
    assert_failure(Fault::LosesWorkers, workers, "G5", |step| step.ends_with("after 3 panics: greeting"));
}

#[test]
fn a_process_that_dies_of_a_panic_is_reported() {
    // Its next client is refused, or accepted by a kernel that resets the connection a moment later.
    assert_died(&outcome_of(Fault::DiesOfAPanic, "G5", Duration::from_secs(60)), "signal: 6 (SIGABRT)");
}

#[test]
fn eintr_that_is_handled_as_an_error_is_reported() {
    let outcome = outcome_of(Fault::TakesEintrForAnError, "H5", Duration::from_secs(60));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
}

#[test]
fn a_server_that_dies_of_a_reset_is_reported() {
    for id in ["E1", "E2", "E3", "E4", "E5", "E6", "E7"] {
        let outcome = outcome_of(Fault::DiesAfterAReset, id, Duration::from_secs(60));
        assert_died(&outcome, "exit status: 1");
    }
}

#[test]
fn a_server_that_does_not_pause_without_descriptors_is_reported() {
    assert_step(Fault::Nothing, "G1", "out of descriptors");
}

/// It pauses too briefly for the count of failed accepts, and long enough for the count of sleeps. On a busy machine it may
/// pause longer or sleep more often, so one of some tries has to show it.
#[test]
fn a_server_that_pauses_too_briefly_without_descriptors_is_reported() {
    const TRIES: usize = 6;
    let has_strace = Command::new("strace").arg("--version").output().is_ok();
    if !has_strace && !must_not_skip() {
        println!("skipped: only strace counts failed accepts");
        return;
    }
    let outcomes = (0..TRIES).map(|_| outcome_of(Fault::PausesTooShort, "G1", Duration::from_secs(60)));
    let counted = |outcome: &Outcome| match outcome {
        Outcome::Failed(failure) => failure.expected.contains("failed accepts in"),
        _ => false,
    };
    assert!(
        outcomes.into_iter().any(|outcome| counted(&outcome)),
        "no try was reported for its failed accepts"
    );
}

#[test]
fn a_connection_limit_that_is_ignored_is_reported() {
    let outcome = outcome_of(Fault::Nothing, "G3", Duration::from_secs(1));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
}

#[test]
fn memory_that_grows_with_each_client_is_reported() {
    assert_step(Fault::LeaksMemory, "G8", "server memory");
}

#[test]
fn a_server_that_handles_no_signals_outputs_or_arguments_is_reported() {
    // Every signal kills it, and so does a thread that cannot be spawned; without a port or an output it panics.
    for id in ["G4", "H1", "H2", "H3", "H4", "H7", "H8", "H9", "H10", "H11", "H12"] {
        let outcome = outcome_of(Fault::HandlesNoSignals, id, Duration::from_secs(1));
        let without_strace = id == "G4" && matches!(outcome, Outcome::Skipped { .. }) && !must_not_skip();
        assert!(matches!(outcome, Outcome::Failed(_)) || without_strace, "{id} {outcome}");
    }
}

#[test]
fn a_server_that_keeps_the_signals_blocked_is_reported() {
    assert_fails(Fault::KeepsTheMask, "H12", "inherited blocked: end");
}

#[test]
fn a_server_that_does_not_drain_is_reported() {
    // SIGTERM is not handled here: the process ends at once and loses the pending replies.
    assert_step(Fault::HandlesNoSignals, "D6", "drain");
    let outcome = outcome_of(Fault::HandlesNoSignals, "I3", Duration::from_secs(60));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
}

/// With `NO_SKIP` in the environment a missing program is a failure.
fn must_not_skip() -> bool {
    env::var_os("NO_SKIP").is_some()
}

/// A case waits for the whole patience for something that never comes, so the first is short. If the machine is too busy
/// for it and the case fails in an earlier step, the case gets more.
const PATIENCE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// The case fails in exactly this step.
fn assert_step(fault: Fault, id: &str, step: &str) {
    assert_failure(fault, Concurrency::Many, id, |failed| failed == step);
}

/// The case fails in a step whose name ends with `step`.
fn assert_fails(fault: Fault, id: &str, step: &str) {
    assert_failure(fault, Concurrency::Many, id, |failed| failed.ends_with(step));
}

fn assert_failure(fault: Fault, concurrency: Concurrency, id: &str, is_it: impl Fn(&str) -> bool) {
    let mut outcomes = Vec::new();
    let is_reported = PATIENCE.into_iter().any(|patience| {
        let outcome = outcome_with(fault, concurrency, id, patience);
        let is_reported = matches!(&outcome, Outcome::Failed(failure) if is_it(&failure.step));
        outcomes.push(outcome.to_string());
        is_reported
    });
    assert!(is_reported, "{fault:?}: {id} {outcomes:#?}");
}

fn assert_failed(outcome: &Outcome, step: &str) {
    assert!(matches!(outcome, Outcome::Failed(failure) if failure.step.ends_with(step)), "{outcome}");
}

/// The case fails, and the report says that the process has ended and how.
fn assert_died(outcome: &Outcome, status: &str) {
    let died = format!("the server process has ended: {status}");
    assert!(matches!(outcome, Outcome::Failed(failure) if failure.got.contains(&died)), "{outcome}");
}

fn outcome_of(fault: Fault, id: &str, patience: Duration) -> Outcome {
    outcome_with(fault, Concurrency::Many, id, patience)
}

fn outcome_with(fault: Fault, concurrency: Concurrency, id: &str, patience: Duration) -> Outcome {
    let launch = AsChild(fault);
    let options = Options { patience, ..Options::default() };
    support::outcome_of(&Target::launched(&launch, concurrency), find(id)[0], &options)
}
