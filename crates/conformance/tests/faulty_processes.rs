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
/// Where the child is to listen, if that is not any free port.
const ADDRESS: &str = "CONFORMANCE_CHILD_ADDRESS";
const READY: &str = "listening on ";

const CHILD_FAULTS: &[Fault] = &[
    Fault::Nothing,
    Fault::StoresReplies,
    Fault::DiesAfterAReset,
    Fault::LeaksDescriptors,
    Fault::LeaksMemory,
    Fault::LeaksThreads,
    Fault::Spins,
];

/// Not a test: the entry of the child.
#[test]
fn serve_as_a_child() {
    let Ok(name) = std::env::var(CHILD) else { return };
    let address = std::env::var(ADDRESS).ok().and_then(|address| address.parse().ok());
    let listener = listen(address).unwrap();
    println!("\n{READY}{}", listener.local_addr().unwrap());
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(600)); // far longer than any test: its parent is gone
        std::process::exit(1);
    });
    let fault = CHILD_FAULTS.iter().find(|fault| format!("{fault:?}") == name).unwrap();
    Shared::new(*fault, Settings::default()).accept(&listener);
}

struct AsChild(Fault);

impl AsChild {
    fn to_command(&self) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", "serve_as_a_child", "--nocapture"]).env(CHILD, format!("{:?}", self.0));
        Ok(command)
    }
}

impl Launch for AsChild {
    fn command(&self, address: SocketAddr, _: &Settings) -> Option<Command> {
        let mut command = self.to_command().ok()?;
        command.env(ADDRESS, address.to_string());
        Some(command)
    }

    fn wrong_commands(&self) -> Vec<Command> {
        self.to_command().into_iter().collect() // it serves, instead of refusing anything
    }

    fn start(&self, _: &Settings) -> anyhow::Result<Box<dyn Server>> {
        let mut child = self.to_command()?.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
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
    for id in ["A3", "D4", "E1", "E2", "E5", "E6", "F8", "F9", "G6", "G7", "G8", "G9", "H5", "I1"] {
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
fn a_server_that_does_not_pause_without_descriptors_is_reported() {
    assert_step(Fault::Nothing, "G1", "out of descriptors");
}

#[test]
fn a_limit_that_is_not_kept_is_reported() {
    let outcome = outcome_of(Fault::Nothing, "G3", Duration::from_secs(1));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome}");
}

#[test]
fn memory_that_grows_with_each_client_is_reported() {
    assert_step(Fault::LeaksMemory, "G8", "server memory");
}

#[test]
fn a_server_that_knows_nothing_of_signals_outputs_and_arguments_is_reported() {
    // It dies of every signal and of a thread that is not to be had, and panics without a port or an output.
    for id in ["G4", "H1", "H2", "H3", "H4", "H7", "H8", "H9", "H10"] {
        let outcome = outcome_of(Fault::Nothing, id, Duration::from_secs(1));
        let without_strace = id == "G4" && matches!(outcome, Outcome::Skipped { .. });
        assert!(matches!(outcome, Outcome::Failed(_)) || without_strace, "{id} {outcome}");
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
