//! `check -- PROGRAM`: a server that is not ours is started, stopped and judged, and nothing of it is left behind.
//!
//! The programs are this test's own file, started again with one fault, and our servers under their own command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs, thread};

use observe::Process;
use protocol::Session;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// The port of this file as a server; absent in the test itself.
const PORT: &str = "FOREIGN_PORT";
/// A file for the process id of a process that the server starts; absent if it starts none.
const HELPER: &str = "FOREIGN_HELPER";
/// Set if the server returns what it is sent.
const ECHOES: &str = "FOREIGN_ECHOES";

/// Not a test: the server that is not ours. It has no handler for SIGTERM, logs a line and serves each client on a thread.
#[test]
fn serve_as_a_foreign_program() {
    let Ok(port) = env::var(PORT) else { return };
    if let Ok(file) = env::var(HELPER) {
        let mut helper = Command::new("sleep").arg("600").spawn().unwrap();
        fs::write(file, helper.id().to_string()).unwrap();
        thread::spawn(move || helper.wait());
    }
    let listener = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
    for stream in listener.incoming().map_while(Result::ok) {
        thread::spawn(move || answer(stream));
    }
}

fn answer(mut stream: TcpStream) -> Option<()> {
    let (mut session, mut buffer) = (Session::new(), [0; 4096]);
    stream.write_all(b"*").ok()?;
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let echoes = env::var_os(ECHOES).is_some();
        let length = if echoes { count } else { session.transform_in_place(&mut buffer[..count]) };
        stream.write_all(&buffer[..length]).ok()?;
    }
    Some(())
}

/// The words behind `--` that start this file as such a server.
fn foreign(helper: Option<&Path>) -> Vec<String> {
    let mut words = vec!["env".to_owned(), format!("{PORT}={{port}}")];
    words.extend(helper.map(|file| format!("{HELPER}={}", file.display())));
    words.push(env::current_exe().unwrap().to_str().unwrap().to_owned());
    words.extend(["--exact", "programs::serve_as_a_foreign_program", "--nocapture"].map(str::to_owned));
    words
}

fn check(arguments: &[&str], program: &[String]) -> Command {
    let mut command = Command::new(LAUNCHER);
    command.arg("check").args(arguments).arg("--").args(program);
    command
}

fn checked(arguments: &[&str], program: &[String]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = check(arguments, program).output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

#[test]
fn the_process_cases_run_for_a_program_that_takes_its_port() {
    let program = [LAUNCHER, "serve", "mio", "--addr", "{addr}", "--idle-timeout=2s"].map(str::to_owned);
    let (code, text) = checked(&["--idle-timeout=2s", "--only", "A3,E5,G2,H1,H4,H6,H7,H9,H10"], &program);
    assert_eq!(code, Some(0), "{text}");
    for id in ["A3", "E5", "G2", "H1", "H6", "H7", "H10"] {
        assert!(text.contains(&format!("{id:<4} ok")), "{id}: {text}");
    }
    // Those that need an option which only our servers have.
    assert!(text.contains("H4   skipped") && text.contains("can be given a drain timeout"), "{text}");
    assert!(text.contains("H9   skipped"), "{text}");
}

#[test]
fn a_program_without_a_handler_fails_the_case_about_sigterm_and_no_other() {
    let (code, text) = checked(&["--only", "A3,E5,H1"], &foreign(None));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("A3   ok") && text.contains("E5   ok"), "{text}");
    assert!(text.contains("H1   FAILED") && text.contains("signal: 15 (SIGTERM)"), "{text}");
}

#[test]
fn a_program_that_does_not_start_or_is_no_such_server_is_shown_before_any_case() {
    for (program, shown) in [
        (
            &[LAUNCHER, "serve", "mio", "--no-such-option={port}"][..],
            "unexpected argument '--no-such-option'",
        ),
        (&[LAUNCHER, "serve", "floor-threads", "--addr", "{addr}"], "it is an echo server"),
    ] {
        let program: Vec<String> = program.iter().map(|word| (*word).to_owned()).collect();
        let (code, text) = checked(&["--only", "A3"], &program);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(shown) && text.contains("expected the greeting `*` at 127.0.0.1:"), "{text}");
        assert!(!text.contains("A3 "), "{text}");
    }
}

#[test]
fn a_program_whose_file_cannot_be_run_is_a_wrong_argument() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "no program").unwrap();
    for (program, reason) in [
        ("/nowhere/to/be/found", "No such file or directory"),
        ("no-program-has-this-name", "No such file or directory"),
        (text.to_str().unwrap(), "Permission denied"),
        (folder.path().to_str().unwrap(), "Permission denied"),
    ] {
        let output = checked(&["--only", "A3"], &[program.to_owned(), "{port}".to_owned()]);
        assert_eq!(output, (Some(2), format!("error: cannot run {program}: {reason}\n")));
    }
}

#[test]
fn a_program_that_greets_and_then_answers_wrongly_is_shown_before_any_case() {
    let mut program = foreign(None);
    program.insert(1, format!("{ECHOES}=yes"));
    let (code, text) = checked(&["--only", "A3"], &program);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(": it greets, but answers `^a$` with `^a$`; expected `b`"), "{text}");
    assert!(!text.contains("A3 "), "{text}");
}

#[test]
fn nothing_that_a_program_has_started_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("helper");
    let (code, text) = checked(&["--only", "A3"], &foreign(Some(&file)));
    assert_eq!(code, Some(0), "{text}");
    let helper = fs::read_to_string(&file).unwrap().parse().unwrap();
    assert_eq!(Process::new(helper).unwrap().has_ended(), Some(true), "its helper is still running");
}

/// A check that is in the middle of a case of ten seconds, its server, and what that has started.
fn running_check(file: &Path) -> (std::process::Child, [OwnedFd; 2]) {
    let mut launcher =
        check(&["--only", "A2,F1"], &foreign(Some(file))).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(launcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("ok"), "{line}");
    let [server] = Process::new(launcher.id()).unwrap().children()[..] else {
        panic!("one server is running")
    };
    let helper = fs::read_to_string(file).unwrap().parse().unwrap();
    let open = |pid: Pid| pidfd_open(pid, PidfdFlags::empty()).unwrap();
    (launcher, [open(server.pid()), open(Pid::from_raw(helper).unwrap())])
}

fn has_ended(process: &OwnedFd) -> bool {
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    // A process descriptor becomes readable when the process ends.
    let ended = poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&patience)).unwrap();
    // If it has not ended, this test must not leave it running.
    let _ = pidfd_send_signal(process, Signal::KILL);
    ended == 1
}

#[test]
fn ctrl_c_ends_the_check_the_program_and_what_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (mut launcher, started) = running_check(&folder.path().join("helper"));
        Process::new(launcher.id()).unwrap().signal(signal).unwrap();
        assert_eq!(launcher.wait().unwrap().code(), Some(code));
        assert!(started.iter().all(has_ended), "after {signal:?} something is still running");
    }
}

#[test]
fn a_program_ends_with_a_check_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut launcher, [server, helper]) = running_check(&folder.path().join("helper"));
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    assert!(has_ended(&server), "the server is still running");
    // Nobody is left who could end it. It ends by itself in other tests.
    let _ = pidfd_send_signal(&helper, Signal::KILL);
}
