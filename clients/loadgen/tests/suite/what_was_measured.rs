//! What was measured is never lost, whatever fails after it: the log, a later step, this machine's limits, the output.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::common::{address_without_listener, answer, listen, server};
use crate::tool::{Tool, command, loadgen, message};
use loadgen::{ErrorKind, Outcome};
use protocol::GREETING;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

const SHORT: [&str; 5] = ["--quiet", "--warm-up", "0ms", "--duration", "300ms"];

#[test]
fn figures_are_printed_although_the_log_cannot_be_written() {
    let address = server().to_string();
    let output = loadgen(&[&[address.as_str(), "--json", "--hist-out", "/dev/full"][..], &SHORT].concat());
    let outcome: Outcome = serde_json::from_slice(&output.stdout).unwrap();
    assert!(outcome.messages > 0, "{outcome:?}");
    assert_eq!(output.status.code(), Some(1));
    let message = message(&output);
    assert!(message.contains("cannot write the histogram log /dev/full: No space left"), "{message}");
}

/// The limit on the size of files stands for a full disk; where it is met, SIGXFSZ ends a process that does not expect it.
#[test]
fn an_old_log_survives_a_new_one_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("run.hlog");
    fs::write(&log, "the old log").unwrap();
    let address = server().to_string();
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_loadgen"), &address, "--json"])
        .args(SHORT)
        .arg("--hist-out")
        .arg(&log)
        .output()
        .unwrap();
    let message = message(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot write the histogram log"), "{message}");
    assert!(serde_json::from_slice::<Outcome>(&output.stdout).unwrap().messages > 0);
    assert_eq!(fs::read_to_string(&log).unwrap(), "the old log");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left behind");
}

#[test]
fn the_steps_of_a_ramp_before_the_one_that_failed_are_reported() {
    for json in [true, false] {
        let (listener, address) = listen();
        let server = thread::spawn(move || {
            // Those of the steps with one and two connections. The third step finds no listener.
            for _ in 0..3 {
                let (mut stream, _) = listener.accept()?;
                thread::spawn(move || {
                    stream.write_all(&[GREETING])?;
                    answer(&stream, |_| {})
                });
            }
            io::Result::Ok(())
        });
        let address = address.to_string();
        let format = if json { &["--json"][..] } else { &[] };
        let output = loadgen(&[&[address.as_str(), "--ramp", "1,2,3,4"][..], format, &SHORT].concat());
        server.join().unwrap().unwrap();
        let message = message(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("the ramp ended at 3 connections: "), "{message}");
        if json {
            let outcomes: Vec<Outcome> = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(outcomes.iter().map(|outcome| outcome.served).collect::<Vec<u64>>(), [1, 2]);
        } else {
            let table = String::from_utf8(output.stdout).unwrap();
            let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
            let rows: Vec<String> = table.lines().skip(2).take(2).filter_map(first).collect();
            assert_eq!(rows, ["1", "2"], "{table}");
        }
    }
}

/// As with local ports, whose number a process cannot limit for itself.
#[test]
fn churn_that_runs_out_of_descriptors_reports_what_it_measured_until_then() {
    let mut tool = Tool::start(server(), &["--churn", "--json", "--connections", "4", "--duration", "10m"]);
    tool.wait_for_line("measuring: ");
    let few = Rlimit { current: Some(3), maximum: Some(3) };
    prlimit(Some(Pid::from_child(&tool.child)), Resource::Nofile, few).unwrap();
    let (code, output) = tool.end();
    assert_eq!(code, Some(1));
    let outcome: Outcome = serde_json::from_str(&output).unwrap();
    assert!(outcome.messages > 0 && !outcome.interrupted, "{outcome:?}");
    assert!(outcome.elapsed_ns < 600_000_000_000, "the window ends with the last connection: {outcome:?}");
    assert_eq!(outcome.errors.count(ErrorKind::Connect), 4, "{:?}", outcome.errors);
    assert!(outcome.errors.first.unwrap().contains("file descriptors have run out"));
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("run.hlog");
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for (stdout, code, words) in [
        (Stdio::from(writer), 0, ""),
        (Stdio::from(full), 1, "error: cannot write to standard output: No space left"),
    ] {
        let address = server().to_string();
        let mut run = command();
        run.arg(address).args(SHORT).arg("--hist-out").arg(&log).stdout(stdout).stderr(Stdio::piped());
        let output = run.spawn().unwrap().wait_with_output().unwrap();
        let message = message(&output);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(message.starts_with(words) && message.is_empty() == words.is_empty(), "{message}");
        // The log is written all the same.
        assert!(fs::read_to_string(&log).unwrap().contains("Tag=latency,"));
        fs::remove_file(&log).unwrap();
    }
}

#[test]
fn where_nobody_can_read_an_error_the_exit_code_still_tells() {
    let (address, _end, _listener) = address_without_listener();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = command().arg(address.to_string()).arg("--quiet").stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

/// As with a terminal that was stopped with Ctrl-S, or a pipe that is full.
#[test]
fn figures_are_printed_although_nobody_reads_the_progress() {
    let (mut stderr, _unread) = UnixStream::pair().unwrap();
    stderr.set_nonblocking(true).unwrap();
    while stderr.write(&[b'x'; 4096]).is_ok() {}
    stderr.set_nonblocking(false).unwrap();
    let mut run = command();
    run.arg(server().to_string()).args(["--json", "--warm-up", "0ms", "--duration", "300ms"]);
    let mut child = run.stdout(Stdio::piped()).stderr(OwnedFd::from(stderr)).spawn().unwrap();
    let (told, output) = mpsc::channel();
    let mut stdout = child.stdout.take().unwrap();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_to_string(&mut text);
        let _ = told.send(text);
    });
    let output = output.recv_timeout(Duration::from_secs(60));
    child.kill().unwrap();
    child.wait().unwrap();
    let outcome: Outcome = serde_json::from_str(&output.expect("it ends although nobody reads")).unwrap();
    assert!(outcome.messages > 0, "{outcome:?}");
}

#[test]
fn a_log_may_go_through_a_pipe() {
    let (mut reader, writer) = io::pipe().unwrap();
    let address = server().to_string();
    let mut run = command();
    run.arg(address).args(SHORT).args(["--hist-out", "/dev/stderr"]).stdout(Stdio::null()).stderr(writer);
    let mut child = run.spawn().unwrap();
    drop(run);
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(log.contains("Tag=latency,"), "{log}");
}
