//! What a server does to its process is seen from outside: each planted fault is reported, and a process
//! without a fault is not. The servers are this test binary itself, started again as a child.
#![cfg(target_os = "linux")]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use conformance::{Concurrency, Launch, Options, Outcome, Server, Settings, Target, find, run};
use support::{Fault, Shared, listen};

/// Names the fault to the child; without it this is no child.
const CHILD: &str = "CONFORMANCE_CHILD_FAULT";
const READY: &str = "listening on ";

const CHILD_FAULTS: &[Fault] = &[
    Fault::Nothing,
    Fault::StoresReplies,
    Fault::DiesAfterAReset,
    Fault::LeaksDescriptors,
    Fault::LeaksThreads,
    Fault::Spins,
];

/// Not a test: the entry of the child.
#[test]
fn serve_as_a_child() {
    let Ok(name) = std::env::var(CHILD) else { return };
    let listener = listen().unwrap();
    println!("\n{READY}{}", listener.local_addr().unwrap());
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(600)); // far longer than any test: its parent is gone
        std::process::exit(1);
    });
    let fault = CHILD_FAULTS.iter().find(|fault| format!("{fault:?}") == name).unwrap();
    Shared::new(*fault, Settings::default()).accept(&listener);
}

struct AsChild(Fault);

impl Launch for AsChild {
    fn start(&self, _: &Settings) -> anyhow::Result<Box<dyn Server>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "serve_as_a_child", "--nocapture"])
            .env(CHILD, format!("{:?}", self.0))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = lines.find_map(|line| line.ok()?.strip_prefix(READY).map(str::to_owned));
        Ok(Box::new(ChildServer {
            child,
            address: address.context("the child does not say where it listens")?.parse()?,
        }))
    }
}

struct ChildServer {
    child: Child,
    address: SocketAddr,
}

impl Server for ChildServer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        Some(self.child.id())
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_process_without_a_fault_passes() {
    for id in ["A3", "D4", "E1", "E2", "E5", "E6", "F8", "F9", "I1"] {
        let outcome = outcome_of(Fault::Nothing, id, Duration::from_secs(60));
        assert_eq!(outcome, Outcome::Passed, "{id} {outcome}");
    }
}

#[test]
fn a_descriptor_that_is_not_given_back_is_reported() {
    assert_step(Fault::LeaksDescriptors, "E2", "afterwards: no clients left");
}

#[test]
fn a_thread_that_does_not_end_is_reported() {
    assert_step(Fault::LeaksThreads, "E2", "afterwards: no clients left");
}

#[test]
fn replies_that_are_stored_are_reported_by_the_memory_that_they_take() {
    assert_step(Fault::StoresReplies, "F1", "server memory");
}

#[test]
fn a_server_that_spins_is_reported() {
    assert_step(Fault::Spins, "A3", "afterwards: idle");
}

#[test]
fn a_server_that_dies_of_a_reset_is_reported() {
    for id in ["E1", "E2", "E3", "E4", "E5", "E6", "E7"] {
        let outcome = outcome_of(Fault::DiesAfterAReset, id, Duration::from_secs(1));
        assert!(matches!(outcome, Outcome::Failed(_)), "{id} {outcome}");
    }
}

#[test]
fn a_server_that_does_not_drain_is_reported() {
    // Nothing handles SIGTERM here: the process ends at once and loses what it owes.
    assert_step(Fault::Nothing, "D6", "drain");
    let outcome = outcome_of(Fault::Nothing, "I3", Duration::from_secs(60));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
}

fn assert_step(fault: Fault, id: &str, step: &str) {
    let outcome = outcome_of(fault, id, Duration::from_secs(1));
    assert!(
        matches!(&outcome, Outcome::Failed(failure) if failure.step == step),
        "{fault:?}: {id} {outcome}"
    );
}

fn outcome_of(fault: Fault, id: &str, patience: Duration) -> Outcome {
    let launch = AsChild(fault);
    let options = Options { patience, ..Options::default() };
    run(&Target::launched(&launch, Concurrency::Many), &find(id), &options, &mut |_| ())
        .cases
        .remove(0)
        .outcome
}
