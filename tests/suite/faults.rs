//! `faults` from outside: its injections, output and exit codes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use observe::Process;
use rustix::process::Signal;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn faults(arguments: &[&str]) -> Output {
    Command::new(LAUNCHER).arg("faults").args(arguments).output().expect("the launcher starts")
}

/// Prints why nothing can be injected here; with `NO_SKIP` in the environment that is a failure.
fn skip(output: &Output) {
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(std::env::var_os("NO_SKIP").is_none(), "NO_SKIP is set, and this would be skipped: {reason}");
    eprintln!("skipped: {reason}");
}

/// The result of a small sweep; `None`, with a message, if nothing can be injected.
fn sweep(arguments: &[&str]) -> Option<serde_json::Value> {
    let output =
        faults(&[arguments, &["--sample", "1", "--lasting", "1s", "--pairs", "2", "--json"]].concat());
    if output.status.code() == Some(3) {
        skip(&output);
        return None;
    }
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    Some(serde_json::from_slice(&output.stdout).expect("the output is JSON"))
}

#[test]
fn faults_that_are_confirmed_are_survived_and_counted() {
    let Some(report) = sweep(&["mio", "--only", "epoll_ctl,recvfrom"]) else { return };
    assert!(report["fired"].as_u64() >= Some(10), "{report}");
    assert_eq!(report["fired"], report["survived"], "{report}");
    assert!(report["cases_passed"].as_u64() >= Some(30), "{report}");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{report}");
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut sweep = Command::new(LAUNCHER)
        .args(["faults", "mio"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(sweep.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        skip(&sweep.wait_with_output().unwrap());
        return;
    }
    Process::new(sweep.id()).unwrap().signal(Signal::INT).unwrap();
    assert_eq!(sweep.wait().unwrap().code(), Some(130));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "its logs are left behind");
}

#[test]
fn a_call_that_a_model_does_not_make_does_not_count_as_survived() {
    let output = faults(&["sequential", "--only", "epoll_create1"]);
    if output.status.code() == Some(3) && !output.stderr.is_empty() {
        skip(&output);
        return;
    }
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("no such call"), "{output:?}");
}

#[test]
fn the_plan_can_be_listed_without_a_server() {
    let output = faults(&["--list", "--only", "accept4"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("EMFILE") && !text.contains("recvfrom"), "{text}");
}

#[test]
fn wrong_arguments_exit_with_2_and_name_the_remedy() {
    for (arguments, cure) in [
        (&["mioo"][..], "possible values"),
        (&["mio", "--only", "fork"], "--list shows all calls"),
        (&["mio", "--lasting", "1h"], "between 1s and 60s"),
        (&["mio", "--sample", "0"], "0"),
    ] {
        let output = faults(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(cure), "{output:?}");
    }
}
