//! `timeline`, run as by a user: who takes part, the drawing and the picture, numbers of the prime service, and Ctrl-C.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_servers::models;
use observe::{Process, ServerProcess};
use roxmltree::{Document, Node};
use rustix::process::Signal;

use crate::process::{Server, ended};

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn timeline(arguments: &[&str]) -> Output {
    Command::new(LAUNCHER).arg("timeline").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_model_is_drawn_and_the_staircase_of_the_sequential_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timeline.svg");
    let output = timeline(&["--fast=50", "--svg", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).ends_with(&format!("picture: {}\n", file.display())), "{}", stderr(&output));
    for name in models::here().map(|model| model.name) {
        assert!(stdout(&output).lines().any(|line| line.starts_with(name)), "{}", stdout(&output));
    }

    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    let charts: Vec<Node<'_, '_>> = of_class(document.root(), "group");
    assert_eq!(charts.len(), models::here().count());
    for chart in &charts {
        assert_eq!(of_class(*chart, "served").len(), 3);
    }
    let sequential = of_class(charts[0], "served");
    for pair in sequential.windows(2) {
        assert!(begins_behind(pair[1], pair[0]), "a client was greeted before another was done");
    }
}

/// Whether the one bar begins where the other has ended. Both are rounded to one decimal.
fn begins_behind(bar: Node<'_, '_>, other: Node<'_, '_>) -> bool {
    let number = |bar: Node<'_, '_>, name| bar.attribute(name).unwrap().parse::<f64>().unwrap();
    number(bar, "x") >= number(other, "x") + number(other, "width") - 0.2
}

fn of_class<'tree>(node: Node<'tree, 'tree>, class: &str) -> Vec<Node<'tree, 'tree>> {
    node.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

#[test]
fn a_small_pool_makes_waves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waves.svg");
    let arguments =
        ["thread-pool", "mio", "-n", "4", "--workers", "2", "--fast=50", "--svg", file.to_str().unwrap()];
    let output = timeline(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    let pool = of_class(of_class(document.root(), "group")[0], "served");
    // The third and the fourth wait for a worker, whichever of the first two is done first.
    for late in &pool[2..] {
        assert!(pool[..2].iter().any(|early| begins_behind(*late, *early)), "{picture}");
    }
}

#[test]
fn servers_that_send_byte_by_byte_get_the_options_and_others_take_part_without() {
    let models = ["thread-per-conn", "mio", "tokio"];
    let output = timeline(&[&models[..], &["--write-policy=per-byte", "--nagle", "--fast=50"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let titles = models.map(|name| text.lines().find(|line| line.starts_with(name)).unwrap());
    for (title, is_told) in titles.iter().zip([true, true, false]) {
        assert_eq!(title.ends_with(" s  --write-policy=per-byte --nagle"), is_told, "{text}");
    }
}

#[test]
fn a_running_server_takes_part_beside_a_model() {
    let server = ServerProcess::start(&models::command(Path::new(LAUNCHER), "tokio"), &[]).unwrap();
    let address = server.address().to_string();
    let output = timeline(&[&address, "mio", &address, "--fast=50"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let named = |name: &str| text.lines().filter(|line| line.starts_with(&format!("{name}  "))).count();
    assert_eq!([named(&address), named("mio"), named("tokio")], [1, 1, 0], "{text}");
}

#[test]
fn the_drawing_keeps_the_order_of_the_arguments() {
    let server = ServerProcess::start(&models::command(Path::new(LAUNCHER), "tokio"), &[]).unwrap();
    let address = server.address().to_string();
    let order = ["mio", &address, "sequential"];
    let output = timeline(&[&order[..], &["--fast=50"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let heading = |line: &str| order.into_iter().find(|name| line.starts_with(&format!("{name}  ")));
    assert_eq!(text.lines().filter_map(heading).collect::<Vec<_>>(), order, "{text}");
}

#[test]
fn a_picture_that_cannot_be_written_is_known_before_a_client_connects() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    for file in ["/nowhere/to/be/found.svg", folder.path().to_str().unwrap()] {
        let output = timeline(&[&address, "--svg", file]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let message = stderr(&output);
        assert!(message.starts_with(&format!("error: cannot write the picture to {file}")), "{message}");
        let connected = listener.accept().map(|_| ()).map_err(|error| error.kind());
        assert_eq!(connected, Err(ErrorKind::WouldBlock), "a client has connected");
    }
}

#[test]
fn a_run_that_fails_keeps_the_picture_of_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("earlier.svg");
    fs::write(&file, "earlier").unwrap();
    let output = timeline(&["127.0.0.1:1", "--svg", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = stderr(&output);
    assert!(message.contains("cannot connect to 127.0.0.1:1"), "{message}");
    assert_eq!(message.matches("start a server there first").count(), 1, "{message}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "earlier");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something else is left behind");
}

#[cfg(target_os = "linux")]
#[test]
fn the_drawing_is_printed_even_if_the_picture_does_not_fit() {
    let output = timeline(&["mio", "--fast=50", "--svg", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).starts_with("error: cannot write the picture to /dev/full"), "{output:?}");
    assert!(stdout(&output).contains("\nmio  "), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_the_line_the_servers_and_the_command() {
    let launcher =
        Command::new(LAUNCHER).args(["timeline", "sequential"]).stderr(Stdio::piped()).spawn().unwrap();
    let itself = Process::new(launcher.id()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let server = loop {
        match itself.children().first() {
            Some(server) => break *server,
            None => assert!(Instant::now() < deadline, "no server was started"),
        }
        thread::yield_now();
    };
    itself.signal(Signal::INT).unwrap();
    let output = launcher.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(stderr(&output), "interrupted\n");
    while server.has_ended() == Some(false) {
        assert!(Instant::now() < deadline, "the server is still running");
        thread::yield_now();
    }
}

/// Takes the loop of prime-inline far longer than a process needs to be scheduled on a busy machine, and is tested in time.
const BIG: &str = "1000000000000037";

#[test]
fn of_every_model_of_the_prime_service_the_numbers_and_the_threads_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.svg");
    let names = models::PRIMES.iter().map(|model| model.name);
    let numbers = format!("{BIG},7,9");
    let arguments = ["--gap=1ms", "--numbers", &numbers, "--svg", file.to_str().unwrap()];
    let arguments: Vec<&str> = names.clone().chain(arguments).collect();
    let output = timeline(&arguments);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).starts_with(&format!("tested alone: {BIG} 0.")), "{}", stderr(&output));
    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    let groups = of_class(document.root(), "group");
    assert_eq!(groups.len(), models::PRIMES.len());
    for (name, group) in names.zip(groups) {
        let lanes = of_class(group, "lane");
        assert!(stdout(&output).lines().any(|line| line.starts_with(name)), "{}", stdout(&output));
        // Three clients and whoever computes; each number was seen to be tested.
        assert!(lanes.len() > 3, "{name}: {picture}");
        for lane in lanes {
            assert!(!of_class(lane, "served").is_empty(), "{name}: {picture}");
        }
    }
}

#[test]
fn a_loop_that_computes_and_a_queue_of_one_worker_are_seen_to_test_one_number_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.svg");
    let numbers = format!("{BIG},7");
    let arguments = ["prime-inline", "prime-queue", "--workers=1", "--gap=1ms", "--numbers", &numbers];
    let output = timeline(&[&arguments[..], &["--svg", file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    for group in of_class(document.root(), "group") {
        let lanes = of_class(group, "lane");
        let bar = |lane: usize| of_class(lanes[lane], "served")[0];
        // On a busy machine either may be read first. The bar of 7 is drawn a little longer than its test.
        let x = |lane: usize, name| bar(lane).attribute(name).unwrap().parse::<f64>().unwrap();
        let ends_before = |one, other| x(one, "x") + x(one, "width") <= x(other, "x") + 2.0;
        assert!(ends_before(0, 1) || ends_before(1, 0), "two were tested at the same time: {picture}");
    }
    // The loop that computes has one thread, the queue its worker beside it.
    let rows =
        |name: &str| stdout(&output).lines().filter(|line| line.trim_start().starts_with(name)).count();
    assert_eq!([rows("loop  "), rows("worker 1  "), rows("worker 2  ")], [2, 1, 0], "{}", stdout(&output));
}

#[test]
fn a_number_that_an_earlier_model_has_stored_in_the_cache_is_not_tested_again() {
    let mut command = Command::new(LAUNCHER);
    command.args(["cache", "--addr", "127.0.0.1:0", "--latency=1ms"]).stderr(Stdio::null());
    let cache = Server::start(command);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cached.svg");
    let address = cache.address.to_string();
    let arguments = ["prime-queue", "prime-async", "--numbers=7,9", "--cache", &address, "--svg"];
    let output = timeline(&[&arguments[..], &[file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = fs::read_to_string(&file).unwrap();
    let document = Document::parse(&picture).unwrap();
    let tested = |group: &Node<'_, '_>| {
        let numbers = of_class(*group, "lane").into_iter().take(2);
        numbers.filter(|lane| !of_class(*lane, "served").is_empty()).count()
    };
    let groups = of_class(document.root(), "group");
    assert_eq!(groups.iter().map(tested).collect::<Vec<_>>(), [2, 0], "{picture}");

    let refused = timeline(&["mio", "--cache", &address]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(stderr(&refused).contains("mio has no use for --cache"), "{refused:?}");
}

#[test]
fn a_server_that_is_not_asked_for_events_writes_none_and_a_model_of_echo_refuses_to() {
    let folder = tempfile::tempdir().unwrap();
    let events = format!("--events={}", folder.path().join("events").display());
    let output = ended(Command::new(LAUNCHER).args(["serve", "mio", "--addr", "127.0.0.1:0", &events]));
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("mio has no use for --events"), "{output:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
