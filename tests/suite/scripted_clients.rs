//! `client`, `timeline` and `trace`, run as by a user: processes, exit codes, output.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

use concurrent_servers::models;
use observe::ServerProcess;
use roxmltree::{Document, Node};

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
    for name in models::names() {
        let server = ServerProcess::start(&models::command(Path::new(PROGRAM), name), &[]).unwrap();
        let output = launcher(&["client", "--fast=50", &server.address().to_string()]);
        let transcript = stdout(&output);
        assert!(output.status.success(), "{name}: {transcript}{}", stderr(&output));
        assert_eq!(transcript.matches(" disconnecting\n").count(), 3, "{name}: {transcript}");
        assert!(transcript.lines().last().unwrap().starts_with("elapsed "), "{name}: {transcript}");
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
fn the_timeline_draws_every_model_and_the_staircase_of_the_sequential_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timeline.svg");
    let output = launcher(&["timeline", "--fast=50", "--svg", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    for name in models::names() {
        assert!(stdout(&output).lines().any(|line| line.starts_with(name)), "{}", stdout(&output));
    }

    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    let charts: Vec<Node<'_, '_>> = of_class(document.root(), "group");
    assert_eq!(charts.len(), models::names().count());
    for chart in &charts {
        assert_eq!(of_class(*chart, "served").len(), 3);
    }
    let sequential = of_class(charts[0], "served");
    for pair in sequential.windows(2) {
        let number = |bar: Node<'_, '_>, name| bar.attribute(name).unwrap().parse::<f64>().unwrap();
        let end = number(pair[0], "x") + number(pair[0], "width");
        // Both are rounded to one decimal.
        assert!(number(pair[1], "x") >= end - 0.2, "a client was greeted before another was done");
    }
}

fn of_class<'tree>(node: Node<'tree, 'tree>, class: &str) -> Vec<Node<'tree, 'tree>> {
    node.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

#[test]
fn the_timeline_names_the_picture_that_it_cannot_write() {
    let output = launcher(&["timeline", "mio", "--fast=100", "--svg", "/nowhere/to/be/found.svg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/to/be/found.svg"), "{}", stderr(&output));
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
