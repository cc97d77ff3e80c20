//! A soak of some seconds: all parts work, and a fault would be found.

use std::process::{Command, Output};
use std::thread;

use concurrent_servers::models::PRIMES;
use serde_json::Value;

fn soak(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    command.arg("soak").args(arguments).output().unwrap()
}

fn soaked(model: &str) -> Value {
    let output = soak(&[model, "--seconds", "4", "--seed", "3", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {} {}", output.status, String::from_utf8_lossy(&output.stderr))
    });
    assert!(output.status.success(), "{report:#}");
    report
}

/// Checks everything that does not depend on the speed of this machine.
fn expect_held(report: &Value) {
    assert_eq!(report["findings"], Value::Array(Vec::new()), "{report:#}");
    assert_eq!(report["errors"], 0, "{report:#}");
    assert!(report["verified_bytes"].as_u64().unwrap() > 0, "{report:#}");
    assert!(report["verified_connections"].as_u64().unwrap() > 0, "{report:#}");
    let hostile: u64 =
        report["connections"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert!(hostile > 0, "{report:#}");
    let verified = report["verified_connections"].as_u64().unwrap();
    assert_eq!(report["connections_total"], hostile + verified, "{report:#}");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"), "{report:#}");
    assert_eq!(report["after"]["threads"], report["before"]["threads"], "{report:#}");
    assert_eq!(report["exit"], "exit status: 0", "{report:#}");
}

#[test]
fn a_readiness_loop_survives_hostile_clients_and_reports_figures() {
    expect_held(&soaked("mio"));
}

#[test]
fn a_server_of_one_client_at_a_time_survives_too() {
    expect_held(&soaked("sequential"));
}

#[test]
fn every_model_of_the_prime_service_survives_clients_that_leave_at_work_or_send_huge_lines() {
    // Two at a time: each of them has more clients than this machine has processors.
    for models in PRIMES.chunks(2) {
        thread::scope(|scope| {
            for model in models {
                scope.spawn(|| {
                    let report = soaked(model.name);
                    expect_held(&report);
                    for behaviour in ["leave-at-work", "huge-line"] {
                        assert!(report["connections"][behaviour].as_u64() > Some(0), "{report:#}");
                    }
                });
            }
        });
    }
}

#[test]
fn the_text_report_ends_with_the_verdict() {
    let output = soak(&["thread-pool", "--seconds", "2"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("thread-pool: 2 s, seed 1\n"), "{text}");
    assert!(text.ends_with("  held\n"), "{text}");
}

#[test]
fn an_unknown_model_or_an_invalid_duration_is_rejected() {
    for arguments in [&["floor-epoll"][..], &["127.0.0.1:9090"], &["mio", "--minutes", "0"]] {
        assert_eq!(soak(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
