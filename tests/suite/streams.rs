//! Standard output and standard error of every command: a reader that went away is no failure, a full disk is one, and
//! nothing panics because a message cannot be written.
//!
//! A new command belongs into [`commands`].

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use concurrent_servers::models;
use observe::ServerProcess;

pub(crate) const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// Commands that print something, with their usual exit codes. `ADDR` is the address of a server.
pub(crate) fn commands() -> Vec<(i32, &'static str)> {
    vec![
        (0, "--help"),
        (0, "--version"),
        (0, "help check"),
        (0, "list"),
        (0, "list --names"),
        (0, "list --markdown"),
        (0, "list --json"),
        (0, "diff mio tokio"),
        (0, "diff poll --headers"),
        (0, "trace ^a$"),
        (0, "trace ^a$ --json"),
        (0, "trace --table"),
        (0, "client --fast=50 ADDR"),
        (0, "timeline --fast=50 mio ADDR"),
        (0, "check --list"),
        (0, "check mio --only A3,B1"),
        (0, "check ADDR --only A3 --json"),
        (0, "faults --list"),
        (0, "scorecard"),
        (0, "scorecard mio --json"),
        (0, "scorecard --markdown"),
        (0, "scorecard --columns"),
        (0, "soak mio --seconds 2"),
        (0, "completions bash"),
        // A run has tests of its own in `loadgen`: on a busy machine it may rightly fail.
        (0, "cache --help"),
        (0, "load --help"),
        (0, "compare --help"),
    ]
}

/// Commands that only complain.
const COMPLAINTS: &[(i32, &str)] = &[
    (2, ""),
    (2, "nonsense"),
    (2, "client -n 0"),
    (2, "diff mio mio"),
    (2, "trace --x"),
    (2, "timeline mio --workers 2"),
    (2, "check mio --concurrency one"),
    (1, "client 127.0.0.1:1"),
    (1, "check 127.0.0.1:1"),
    (1, "timeline 127.0.0.1:1"),
    (2, "load"),
    (1, "load 127.0.0.1:1"),
    (2, "merge"),
    (1, "merge /nowhere/to/be/found"),
    (2, "compare --only nonsense"),
    (2, "record nonsense"),
    (1, "timeline mio --svg /nowhere/to/be/found.svg"),
];

pub(crate) fn server() -> ServerProcess {
    ServerProcess::start(&models::command(Path::new(LAUNCHER), "mio"), &[]).unwrap()
}

/// The launcher with these words, against this server.
pub(crate) fn launcher(words: &str, server: &ServerProcess) -> Command {
    let address = server.address().to_string();
    let mut command = Command::new(LAUNCHER);
    command.args(words.split_whitespace().map(|word| if word == "ADDR" { &address } else { word }));
    command
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn ran(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let server = server();
    for (code, words) in commands() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = ran(launcher(words, &server).stdout(writer).stderr(Stdio::piped()));
        assert_eq!(ran, (Some(code), String::new()), "{words}");
    }
}

#[test]
fn output_that_cannot_be_written_is_a_failure_with_a_message() {
    let server = server();
    for (_, words) in commands() {
        let (code, message) = ran(launcher(words, &server).stdout(full()).stderr(Stdio::piped()));
        assert_eq!(code, Some(1), "{words}: {message}");
        assert!(message.starts_with("error: cannot write to standard output: "), "{words}: {message}");
        assert_eq!(message.lines().count(), 1, "{words}: {message}");
    }
}

#[test]
fn messages_that_cannot_be_written_change_no_exit_code() {
    let server = server();
    for (code, words) in commands().into_iter().chain(COMPLAINTS.iter().copied()) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        for lost in [Stdio::from(full()), Stdio::from(writer)] {
            let status = launcher(words, &server).stdout(Stdio::null()).stderr(lost).status().unwrap();
            assert_eq!(status.code(), Some(code), "{words}");
        }
    }
}

#[test]
fn streams_that_are_closed_from_the_start_change_no_exit_code() {
    let server = server();
    for (code, words) in commands().into_iter().chain(COMPLAINTS.iter().copied()) {
        let command = launcher(words, &server);
        let mut shell = Command::new("sh");
        shell.args(["-c", r#""$0" "$@" <&- >&- 2>&-"#]).arg(command.get_program()).args(command.get_args());
        assert_eq!(shell.status().unwrap().code(), Some(code), "{words}");
    }
}
