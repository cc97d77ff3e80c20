//! The suite must be able to fail: the cases that test for a planted fault report it, and a server without a fault
//! passes.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::support::{Fault, Shared, listen, outcome_of};
use conformance::{
    Case, Concurrency, Launch, Options, Outcome, Server, Service, Settings, Target, cases_of, find, run,
};

/// Cases that run in parallel; they mostly wait.
const AT_ONCE: usize = 8;
/// For correct servers: long enough for any machine.
const PATIENT: Duration = Duration::from_secs(60);
/// For broken servers, since every missing byte is waited for. If a busy machine is slower, the case fails as expected.
const IMPATIENT: Duration = Duration::from_secs(1);

/// The fast cases that compare whole replies.
const COMPARING: &[&str] = &[
    "A3", "A6", "A7", "B1", "B2", "B3", "B4", "B5", "C2", "C3", "C4", "C5", "C6", "C7", "D1", "D2", "D4",
    "F8", "I4",
];

/// What this small server does not implement: the minimum progress.
const NOT_IMPLEMENTED: &[&str] = &["F10"];

#[test]
fn a_correct_server_passes() {
    let selection = cases_of(Service::Echo).filter(|case| !NOT_IMPLEMENTED.contains(&case.id));
    for (id, outcome) in run_all(Fault::Nothing, Concurrency::Many, PATIENT, selection) {
        assert!(!matches!(outcome, Outcome::Failed(_)), "{id} {outcome}");
    }
}

#[test]
fn a_correct_server_for_one_client_at_a_time_passes() {
    let fast = ["A", "B", "C", "D1", "D2", "D4", "D5", "E", "F2", "F6", "F7", "F8", "I1", "I2", "I4"];
    let fast = fast.iter().copied().flat_map(find);
    for (id, outcome) in run_all(Fault::ServesOneAtATime, Concurrency::One, PATIENT, fast) {
        assert!(!matches!(outcome, Outcome::Failed(_)), "{id} {outcome}");
    }
}

#[test]
fn a_lost_byte_is_reported() {
    assert_reported(Fault::DropsAByte, COMPARING);
}

#[test]
fn a_doubled_byte_is_reported() {
    assert_reported(Fault::DoublesAByte, COMPARING);
}

#[test]
fn two_swapped_bytes_are_reported() {
    assert_reported(Fault::SwapsTwoBytes, COMPARING);
}

#[test]
fn an_extra_byte_before_the_end_is_reported() {
    assert_reported(Fault::SendsAnExtraByte, COMPARING);
    assert_reported(Fault::SendsAnExtraByte, &["A1", "A2", "A4", "A5", "A8", "A9", "A10", "C1", "E1", "F6"]);
}

#[test]
fn adding_without_wrapping_is_reported_by_the_cases_about_bytes() {
    assert_reported(
        Fault::AddsWithoutWrapping,
        &["B2", "B3", "B4", "B5", "C2", "C4", "C5", "C6", "C7", "D2"],
    );
    assert_not_reported(Fault::AddsWithoutWrapping, &["A3", "A6", "A7", "B1", "D1"]);
}

#[test]
fn a_missing_greeting_is_reported() {
    assert_reported(Fault::DoesNotGreet, COMPARING);
    assert_reported(Fault::DoesNotGreet, &["A2", "A4", "A5", "A8", "A9", "A10", "C1", "E1", "F6"]);
}

#[test]
fn state_that_is_lost_between_reads_is_reported_by_the_cases_about_splits() {
    assert_reported(
        Fault::ForgetsTheStateBetweenReads,
        &["A10", "B1", "B4", "B5", "C1", "C2", "C3", "C4", "C5", "C7", "E1", "F8"],
    );
    assert_not_reported(Fault::ForgetsTheStateBetweenReads, &["A2", "A3", "A4", "A5", "A6", "A7", "A9"]);
}

#[test]
fn a_start_delimiter_inside_a_message_that_is_not_data_is_reported() {
    assert_reported(
        Fault::OpensAgainAtAnInnerStart,
        &["A6", "A10", "B3", "B5", "C1", "C2", "C3", "C4", "C5"],
    );
    assert_not_reported(Fault::OpensAgainAtAnInnerStart, &["A3", "A4", "A5", "A7", "B1"]);
}

#[test]
fn closing_too_early_is_reported() {
    assert_reported(
        Fault::ClosesAfterOneMessage,
        &["A7", "A10", "B1", "B2", "B3", "B4", "B5", "C1", "C2", "C3", "C6", "C7", "D2", "D4", "F8"],
    );
    assert_not_reported(Fault::ClosesAfterOneMessage, &["A2", "A3", "A8", "D1"]);
}

#[test]
fn a_reset_instead_of_a_fin_is_reported() {
    assert_reported(Fault::ResetsInsteadOfAFin, COMPARING);
    assert_reported(
        Fault::ResetsInsteadOfAFin,
        &["A1", "A2", "A4", "A5", "A8", "A9", "A10", "C1", "E1", "F6"],
    );
}

#[test]
fn serving_one_client_at_a_time_against_the_promise_is_reported() {
    assert_reported(Fault::ServesOneAtATime, &["A10", "E1", "F2", "F3", "F6", "F7", "I1"]);
}

#[test]
fn serving_others_only_after_a_client_that_never_reads_is_dropped_is_reported() {
    // With this patience the other client is served in the end, but only after the first one is dropped.
    let (id, outcome) = run_all(Fault::ServesOneAtATime, Concurrency::Many, PATIENT, find("F2")).remove(0);
    let reported = matches!(&outcome, Outcome::Failed(failure) if failure.step == "another client meanwhile");
    assert!(reported, "{id} {outcome}");
}

#[test]
fn serving_more_clients_at_a_time_than_promised_is_reported() {
    for (concurrency, id) in [(Concurrency::One, "F6"), (Concurrency::Workers(3), "I2")] {
        let (_, outcome) = run_all(Fault::Nothing, concurrency, IMPATIENT, find(id)).remove(0);
        assert!(matches!(outcome, Outcome::Failed(_)), "{id} {outcome}");
    }
}

#[test]
fn replies_that_are_stored_without_limit_are_reported() {
    assert_reported(Fault::StoresReplies, &["F2", "F4"]);
}

#[test]
fn ignored_timeouts_are_reported() {
    assert_reported(Fault::IgnoresTimeouts, &["A1", "D3", "E8", "F2", "F3", "F4"]);
}

#[test]
fn a_missing_minimum_progress_is_reported() {
    assert_reported(Fault::Nothing, NOT_IMPLEMENTED);
}

#[test]
fn at_an_address_cases_that_need_more_are_skipped_by_name() {
    let server = InProcess(Fault::Nothing).start(&Settings::default()).unwrap();
    let target = Target::at(server.address(), Concurrency::Many);
    let selection: Vec<_> = ["A1", "A3", "D3", "D6", "E5"].iter().flat_map(|name| find(name)).collect();
    let report = run(&target, &selection, &Options::default(), &mut |_| ());
    assert_eq!((report.passed, report.failed, report.skipped), (1, 0, 4));
    for case in report.cases.iter().filter(|case| case.id != "A3") {
        assert!(case.outcome.to_string().starts_with("skipped: needs a"), "{} {}", case.id, case.outcome);
    }
}

#[test]
fn a_serialized_report_says_what_was_expected() {
    let launch = InProcess(Fault::DropsAByte);
    let options = Options { patience: IMPATIENT, ..Options::default() };
    let report = run(&Target::launched(&launch, Concurrency::Many), &find("A3"), &options, &mut |_| ());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["failed"], 1);
    assert_eq!(json["cases"][0]["id"], "A3");
    assert_eq!(json["cases"][0]["outcome"], "failed");
    assert_eq!(json["cases"][0]["expected"], r#""bcd""#);
}

/// Starts such servers in this process, which cases must not signal.
#[derive(Debug)]
struct InProcess(Fault);

impl Launch for InProcess {
    fn start(&self, settings: &Settings) -> anyhow::Result<Box<dyn Server>> {
        let listener = listen(None)?;
        let address = listener.local_addr()?;
        let shared = Shared::new(self.0, *settings);
        let stop = Arc::clone(&shared.stop);
        thread::spawn(move || shared.accept(&listener));
        Ok(Box::new(InProcessServer { address, stop }))
    }
}

struct InProcessServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Server for InProcessServer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        None
    }
}

impl Drop for InProcessServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // wakes the accept
    }
}

/// Every one of these cases reports the fault itself, not only the check afterwards.
fn assert_reported(fault: Fault, names: &[&str]) {
    for (id, outcome) in run_named(fault, names) {
        let own = matches!(&outcome, Outcome::Failed(failure) if !failure.step.starts_with("afterwards"));
        assert!(own, "{fault:?}: {id} {outcome}");
    }
}

/// These cases test something else and pass.
fn assert_not_reported(fault: Fault, names: &[&str]) {
    for (id, outcome) in run_all(fault, Concurrency::Many, PATIENT, names.iter().copied().flat_map(find)) {
        assert!(matches!(outcome, Outcome::Passed), "{fault:?}: {id} {outcome}");
    }
}

fn run_named(fault: Fault, names: &[&str]) -> Vec<(&'static str, Outcome)> {
    run_all(fault, Concurrency::Many, IMPATIENT, names.iter().copied().flat_map(find))
}

fn run_all(
    fault: Fault,
    concurrency: Concurrency,
    patience: Duration,
    selection: impl IntoIterator<Item = &'static Case>,
) -> Vec<(&'static str, Outcome)> {
    let launch = InProcess(fault);
    let (target, options) =
        (Target::launched(&launch, concurrency), Options { patience, ..Options::default() });
    let selection: Vec<_> = selection.into_iter().collect();
    assert!(!selection.is_empty());
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = selection.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = outcome_of(&target, case, &options);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((case.id, outcome));
                }
            });
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}
