//! `check` against what is no server of the protocol, or one no longer: it says so and stops.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use observe::Process;
use protocol::Session;
use rustix::process::Signal;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn check(address: SocketAddr, arguments: &[&str]) -> Output {
    let mut command = Command::new(LAUNCHER);
    command.args(["check", &address.to_string(), "--concurrency", "one"]).args(arguments);
    command.output().expect("the launcher starts")
}

/// How one client is served. False ends the server.
type Serve = fn(TcpStream) -> bool;

/// Serves one client after the other in this way, until it returns false; then nobody listens any more.
fn serve(mut client: impl FnMut(TcpStream) -> bool + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || while client(listener.accept().unwrap().0) {});
    address
}

/// Reads until the client is gone.
fn listen(mut stream: &TcpStream) {
    while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
}

/// Sends this at once.
fn greet_with(mut stream: TcpStream, greeting: &[u8]) -> bool {
    stream.write_all(greeting).unwrap();
    listen(&stream);
    true
}

#[test]
fn servers_of_other_protocols_are_shown_and_not_checked() {
    let strangers: [(Serve, &str); 6] = [
        (|stream| greet_with(stream, b"SSH-2.0-OpenSSH_9.2\r\n"), "got `SSH-2.0-OpenSSH_9.2`"),
        (|stream| greet_with(stream, b"* OK IMAP4rev1\r\n"), "got `* OK IMAP4rev1`"),
        (|stream| greet_with(stream, b""), "got no byte within a second"),
        (|stream| stream.shutdown(std::net::Shutdown::Both).is_ok(), "got the end of the connection"),
        (
            |mut stream| {
                let asked = stream.read(&mut [0; 64]).is_ok_and(|count| count > 0);
                asked && greet_with(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            },
            "got `HTTP/1.1 400 Bad Request`",
        ),
        (|stream| io::copy(&mut &stream, &mut &stream).is_ok(), "it is an echo server"),
    ];
    for (stranger, shown) in strangers {
        let output = check(serve(stranger), &[]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{shown}: {output:?}");
        assert!(message.contains("expected the greeting `*`, ") && message.contains(shown), "{message}");
        assert!(output.stdout.is_empty(), "a case was run: {output:?}");
    }
}

#[test]
fn a_server_that_greets_and_then_answers_wrongly_or_never_is_not_checked() {
    let echo: Serve =
        |mut stream| stream.write_all(b"*").is_ok() && io::copy(&mut &stream, &mut &stream).is_ok();
    let mute: Serve = |stream| greet_with(stream, b"*");
    for (stranger, shown) in [
        (echo, "it greets, but answers `^a$` with `^a$`; expected `b`"),
        (mute, "it greets, but does not answer `^a$` within 10 s; expected `b`"),
    ] {
        let output = check(serve(stranger), &["--only", "A3"]);
        assert_eq!(output.status.code(), Some(1), "{shown}: {output:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("so no case was run: ") && message.contains(shown), "{message}");
        assert!(output.stdout.is_empty(), "a case was run: {output:?}");
    }
}

/// Answers one client rightly. Returns what it sent.
fn answer(mut stream: TcpStream, mut after: impl FnMut(&[u8]) -> bool) {
    let mut session = Session::new();
    let mut buffer = [0; 4096];
    let _ = stream.write_all(b"*");
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if !after(&buffer[..count]) {
            return;
        }
        let length = session.transform_in_place(&mut buffer[..count]);
        if stream.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

/// What the client of case A6 sends, and no other of the cases below.
const A6: &[u8] = b"^^a^$";

#[test]
fn a_server_that_dies_ends_the_run_and_the_cases_left_are_counted() {
    let mortal = || {
        serve(|stream| {
            let mut is_alive = true;
            answer(stream, |sent| {
                is_alive = sent != A6;
                is_alive
            });
            is_alive
        })
    };
    let output = check(mortal(), &["--only", "A3,A6,A7,B1"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("A3   ok") && text.contains("A6   FAILED"), "{text}");
    assert!(text.contains("stopped: the server is gone since A6: cannot connect to "), "{text}");
    assert!(text.contains("1 ok, 1 failed, 0 skipped, 2 not run"), "{text}");
    assert!(!text.contains("\nA7") && !text.contains("\nB1"), "{text}");

    let output = check(mortal(), &["--only", "A3,A6,A7,B1", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["passed"], &report["not_run"]), (&1.into(), &2.into()), "{report}");
    assert_eq!(report["cases"][2]["outcome"], "not-run", "{report}");
    assert!(report["stopped"].as_str().unwrap().contains("gone since A6"), "{report}");
}

/// What a check has printed that gets this signal while its second case of three runs.
fn interrupted(arguments: &[&str], signal: Signal) -> (Option<i32>, String) {
    let (tell, told) = mpsc::channel();
    let address = serve(move |stream| {
        answer(stream, |sent| {
            if sent == A6 {
                let _ = tell.send(());
                loop {
                    thread::park(); // its client waits
                }
            }
            true
        });
        true
    });
    let mut command = Command::new(LAUNCHER);
    command.args(["check", &address.to_string(), "--concurrency", "one", "--only", "A3,A6,A7"]);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    told.recv().unwrap();
    Process::new(child.id()).unwrap().signal(signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "interrupted\n");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn an_interrupted_check_prints_what_is_known_and_counts_the_cases_left() {
    let (code, text) = interrupted(&[], Signal::TERM);
    assert_eq!(code, Some(143), "{text}");
    assert!(text.starts_with("A3   ok") && text.contains("\nstopped: interrupted\n"), "{text}");
    assert!(text.contains(": 1 ok, 0 failed, 0 skipped, 2 not run in "), "{text}");

    let (code, text) = interrupted(&["--json"], Signal::INT);
    assert_eq!(code, Some(130), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["passed"], &report["not_run"]), (&1.into(), &2.into()), "{report}");
    assert_eq!(report["stopped"], "interrupted", "{report}");
    let outcomes = [0, 1, 2].map(|number| &report["cases"][number]["outcome"]);
    assert_eq!(outcomes, ["passed", "not-run", "not-run"], "{report}");
}

#[test]
fn with_fail_fast_the_first_failure_ends_the_run() {
    // It is right but for the case A6, and stays.
    let faulty = || {
        serve(|stream| {
            answer(stream, |sent| sent != A6);
            true
        })
    };
    let output = check(faulty(), &["--only", "A3,A6,A7"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 ok, 1 failed, 0 skipped in"), "{output:?}");
    let output = check(faulty(), &["--only", "A3,A6,A7", "--fail-fast"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("stopped: A6 failed"), "{text}");
    assert!(text.contains("1 ok, 1 failed, 0 skipped, 1 not run"), "{text}");
}

#[test]
fn a_checker_that_was_stopped_does_not_blame_the_server() {
    /// Longer than the checker takes for a delay of the scheduler.
    const STOPPED: Duration = Duration::from_millis(1500);
    let (tell, checker) = mpsc::channel();
    let mut checker: Option<mpsc::Receiver<Process>> = Some(checker);
    let address = serve(move |stream| {
        answer(stream, |sent| match checker.take_if(|_| sent == A6) {
            Some(checker) => {
                let paused = checker.recv().unwrap().pause().unwrap();
                thread::sleep(STOPPED);
                drop(paused);
                false // as a server does with a client that has been silent for too long
            }
            None => true,
        });
        true
    });
    let child = Command::new(LAUNCHER)
        .args(["check", &address.to_string(), "--concurrency", "one", "--only", "A6"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    tell.send(Process::new(child.id()).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 ok, 0 failed"), "{output:?}");
}
