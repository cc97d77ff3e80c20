//! `check` from outside: its output and exit codes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use concurrent_servers::models;
use observe::ServerProcess;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn check(arguments: &[&str]) -> Output {
    Command::new(LAUNCHER).arg("check").args(arguments).output().expect("the launcher starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the output is text")
}

/// A server that serves one client after the other, but adds two instead of one to all
/// but an `a`, so that it is no stranger.
fn start_broken_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"*");
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte) {
                let more = if byte[0] == b'a' { 1 } else { 2 };
                if byte[0].is_ascii_alphanumeric() && stream.write_all(&[byte[0] + more]).is_err() {
                    break;
                }
            }
        }
    });
    address
}

#[test]
fn a_model_that_passes_its_cases_exits_with_0() {
    let output = check(&["mio", "--only", "a3,B1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines: Vec<_> = stdout(&output).lines().collect();
    assert!(lines[0].starts_with("A3   ok"), "{lines:?}");
    assert!(lines[1].starts_with("B1   ok"), "{lines:?}");
    assert!(lines[2].starts_with("mio, many clients at a time: 2 ok, 0 failed, 0 skipped"), "{lines:?}");
}

#[test]
fn a_server_that_fails_a_case_exits_with_1_and_says_why() {
    let address = start_broken_server().to_string();
    let output = check(&[&address, "--concurrency", "one", "--only", "A3"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("A3   FAILED"), "{output:?}");
    assert!(stdout(&output).contains(r#"reply to "^abc$": expected "bcd", got "bd"#), "{output:?}");
}

#[test]
fn the_promises_of_an_address_decide_which_cases_run() {
    let server =
        ServerProcess::start(&models::command(LAUNCHER.as_ref(), "sequential"), &["--idle-timeout=1s"])
            .unwrap();
    let address = server.address().to_string();
    let output = check(&[&address, "--concurrency", "one", "--idle-timeout", "1s", "--only", "A1,D3,F6,I3"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for line in
        ["A1   ok", "D3   skipped", "F6   ok", "I3   skipped", "needs a process that may be shut down"]
    {
        assert!(stdout(&output).contains(line), "{line}: {output:?}");
    }
}

#[test]
fn a_run_without_any_possible_test_is_not_a_success() {
    let server = ServerProcess::start(&models::command(LAUNCHER.as_ref(), "mio"), &[]).unwrap();
    let output = check(&[&server.address().to_string(), "--only", "E5"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn the_whole_result_is_available_as_json() {
    let output = check(&["thread-pool", "--only", "A2,A4", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["target"], "thread-pool");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["concurrency"]["workers"], 64);
    assert_eq!(report["passed"], 2);
    assert_eq!(report["cases"][1]["id"], "A4");
    assert_eq!(report["cases"][1]["outcome"], "passed");
}

#[test]
fn the_cases_can_be_listed_without_a_server() {
    let output = check(&["--list", "--only", "D"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // The header; a blank line and the group's heading; the cases.
    assert_eq!(stdout(&output).lines().count(), 1 + 2 + 6, "{output:?}");
}

#[test]
fn the_list_has_every_case_under_the_heading_of_its_group() {
    let output = check(&["--list"]);
    let mut headings = String::new();
    for line in stdout(&output).lines().skip(1).filter(|line| !line.is_empty()) {
        match line.split_once(": ").filter(|(letter, _)| letter.len() == 1) {
            Some((letter, title)) => {
                assert!(!title.is_empty(), "{line}");
                headings += letter;
            }
            None => assert!(line.starts_with(headings.chars().last().unwrap()), "{line} below {headings}"),
        }
    }
    assert_eq!(headings, "ABCDEFGHIJPU");
}

#[test]
fn wrong_arguments_exit_with_2_and_name_the_remedy() {
    for (arguments, cure) in [
        (&["mioo"][..], "Did you mean 'mio'?"),
        (&["floor-epoll"], "raw echo"),
        (&["mio", "--only", "Z9"], "--list shows them all"),
        (&["mio", "--concurrency", "one"], "for servers at an address"),
        (&["127.0.0.1:9090", "--concurrency", "0"], "a number of workers"),
        (&["127.0.0.1:9090", "--concurrency", "99999999999"], "from 1 to 1000000"),
        (&["127.0.0.1:9090", "--idle-timeout", "0s"], "for '--idle-timeout <TIME>': this must be between"),
        (&["127.0.0.1:9090", "--write-timeout", "-1s"], "for '--write-timeout <TIME>'"),
        (&["127.0.0.1:9090", "--drain-timeout", "1s"], "--drain-timeout is for programs"),
        (&["mio", "--seed", "-1"], "for '--seed <NUMBER>'"),
        (&["--list", "--fail-fast"], "--list"),
        (&["mio", "--", "./server", "{port}"], "cannot be used with"),
        (&["--", "./server"], "write {port} there"),
        (&[], "required"),
    ] {
        let output = check(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(cure), "{output:?}");
    }
}

#[test]
fn an_address_without_a_listener_is_distinguished_from_a_server_that_fails() {
    // The local port of a connection: it is taken, but nothing listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let unused = end.local_addr().unwrap();
    let output = check(&[&unused.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(&format!("cannot connect to {unused}")), "{message}");
    assert_eq!(stdout(&output), "");
}
