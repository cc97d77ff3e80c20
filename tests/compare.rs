//! The launcher's `compare` from outside: one model, really started, really loaded.
#![cfg(target_os = "linux")]

use std::process::Command;

use concurrent_servers::compare::record::{Comparison, Kind, Observed, Scenario};

#[test]
fn one_model_and_the_floors_are_compared_as_processes_of_their_own() {
    let output = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"))
        .args(["compare", "--quick", "--json", "-", "mio"])
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{messages}");
    assert!(messages.contains("1/4 mio: 3 scripted clients"), "{messages}");

    let comparison: Comparison = serde_json::from_slice(&output.stdout).unwrap();
    assert!(comparison.machine.cores >= 1);
    let tried: Vec<(&str, Kind)> =
        comparison.records.iter().map(|record| (record.model.as_str(), record.kind)).collect();
    assert_eq!(
        tried,
        [
            ("mio", Kind::Model),
            ("mio", Kind::Model),
            ("floor-threads", Kind::Floor),
            ("floor-epoll", Kind::Floor)
        ]
    );
    for record in &comparison.records {
        match (&record.scenario, &record.observed) {
            (Scenario::Script { connections: 3, .. }, Observed::Script { elapsed_ns, failures }) => {
                assert!(failures.is_empty(), "{failures:?}");
                assert!(*elapsed_ns > 200_000_000, "the pauses alone take 0.22 s");
            }
            (Scenario::Load(load), Observed::Load { outcome, usage: Some(usage) }) => {
                assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
                assert_eq!(outcome.served + outcome.starved, load.connections as u64);
                assert!(outcome.messages + outcome.drained > 0);
                assert!(usage.cpu_ns > 0 && usage.peak_memory_bytes > 0 && usage.threads > 0, "{usage:?}");
            }
            other => panic!("{}: {other:?}", record.model),
        }
    }
}
