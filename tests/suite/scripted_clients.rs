//! `client` and `trace`, run as by a user: processes, exit codes, output.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use concurrent_servers::models;
use observe::{Process, ServerProcess};
use protocol::Session;

const PROGRAM: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn launcher(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_client_succeeds_with_every_model() {
    for name in models::here().map(|model| model.name) {
        let server = ServerProcess::start(&models::command(Path::new(PROGRAM), name), &[]).unwrap();
        let output = launcher(&["client", "--fast=50", &server.address().to_string()]);
        let transcript = stdout(&output);
        assert!(output.status.success(), "{name}: {transcript}{}", stderr(&output));
        assert_eq!(transcript.matches(" disconnecting\n").count(), 3, "{name}: {transcript}");
        assert!(transcript.lines().last().unwrap().starts_with("elapsed "), "{name}: {transcript}");
    }
}

/// What the client receives in answer to its first buffer, line by line.
fn first_reply(server: &ServerProcess) -> Vec<String> {
    let output = launcher(&["client", "-n1", "--fast=10", &server.address().to_string()]);
    let transcript = stdout(&output);
    assert!(output.status.success(), "{transcript}{}", stderr(&output));
    let after = transcript.lines().skip_while(|line| !line.contains(" sending ")).skip(1);
    let received = after.map_while(|line| Some(line.split_once(" received ")?.1.to_owned()));
    received.collect()
}

#[test]
fn the_transcript_shows_the_gap_of_a_server_that_sends_byte_by_byte_under_nagles_algorithm() {
    for name in ["sequential", "thread-per-conn", "mio"] {
        let command = models::command(Path::new(PROGRAM), name);
        let server = ServerProcess::start(&command, &["--write-policy=per-byte", "--nagle"]).unwrap();
        // A client that is late finds all of it: it need not always see the gap.
        let seen = (0..20).any(|_| first_reply(&server) == [r#"b"b""#, r#"b"cdbcuf""#]);
        assert!(seen, "{name}: the first byte never came alone, and the others together");
        let server = ServerProcess::start(&command, &[]).unwrap();
        assert_eq!(first_reply(&server), [r#"b"bcdbcuf""#], "{name}");
    }
}

#[test]
fn the_client_fails_with_a_server_that_does_not_speak_the_protocol() {
    let server = ServerProcess::start(&models::command(Path::new(PROGRAM), "floor-threads"), &[]).unwrap();
    // The floor never greets, so the client has to give up.
    let address = server.address().to_string();
    let output = launcher(&["client", "--fast=50", "--timeout", "100ms", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("has not greeted"), "{}", stdout(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn the_time_in_which_the_client_was_stopped_is_not_the_servers_silence() {
    /// Longer than the client's timeout.
    const STOPPED: Duration = Duration::from_millis(5500);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = Command::new(PROGRAM)
        .args(["client", "-n1", "--fast=100", "--timeout=5s", &address])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let paused = Process::new(client.id()).unwrap().pause().unwrap();
    thread::sleep(STOPPED);
    drop(paused);
    let (mut session, mut buffer) = (Session::new(), [0; 64]);
    stream.write_all(b"*").unwrap();
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let reply = session.transform_in_place(&mut buffer[..count]);
        stream.write_all(&buffer[..reply]).unwrap();
    }
    drop(stream);
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stdout(&output));
}

#[test]
fn without_a_listener_the_client_says_so_in_one_line() {
    // The local port of a connection: it is taken, but nothing listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let output = launcher(&["client", &end.local_addr().unwrap().to_string()]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    let message = stderr(&output);
    assert!(message.contains("refused") && message.contains("serve mio"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn the_trace_of_the_worked_example_ends_with_its_reply_and_has_no_colours_in_a_pipe() {
    let output = launcher(&["trace", "^abc$de^abte$f", "xyz^123", "25$^ab$abab"]);
    assert!(output.status.success());
    let table = stdout(&output);
    assert!(table.trim_end().ends_with("bcdbcuf23436bc"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
}

#[test]
fn an_invalid_escape_is_a_command_line_error() {
    let output = launcher(&["trace", r"^\xZZ$"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(r"\xZZ is not a byte"), "{}", stderr(&output));
}
