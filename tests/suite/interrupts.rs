//! Commands that are interrupted, and two of them at once.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use comparison::store::{self, Store};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::compare::{compare, keys, servers_in_a_round, stderr, stdout, text};

/// A run that takes some minutes, if nobody interrupts it.
const LONG: &str = r#"
[profiles.default]
about = "long"
warm_up_ms = 5
window_ms = 100
greeting_wait_ms = 200
rounds = { ping-pong = 100 }

[[scenario]]
name = "ping-pong"
title = "2 clients"
question = "What does a message cost?"
load = { connections = 2 }
"#;

/// Those of [`LONG`].
const ROUNDS: usize = 100;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

fn started(program: &Path, run: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.arg("compare").args(arguments).arg(text(run)).stdout(Stdio::piped()).stderr(Stdio::piped());
    once_not_busy(|| command.spawn())
}

/// Starts a program that has just been written. A process that another test has forked meanwhile has the file open until
/// it executes its own, and until then the kernel refuses: "text file busy".
fn once_not_busy<T>(mut start: impl FnMut() -> io::Result<T>) -> T {
    for _ in 0..1_000 {
        match start() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            started => return started.unwrap(),
        }
    }
    panic!("the file is still busy");
}

fn signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

/// Waits for the first record of the run.
fn wait_for_a_record(messages: &mut impl BufRead) -> String {
    // The second point is announced when the first has its records.
    let mut read = String::new();
    while !read.contains("round 2") {
        let length = messages.read_line(&mut read).unwrap();
        assert!(length > 0, "it ended: {read}");
    }
    read
}

#[test]
fn an_interrupted_run_says_how_to_resume_it_and_keeps_whole_records() {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("long.toml");
    fs::write(&scenarios, LONG).unwrap();
    for (number, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let run = folder.path().join(format!("run-{code}"));
        let mut process =
            started(Path::new(LAUNCHER), &run, &["mio", "--scenarios", text(&scenarios), "--out"]);
        let mut messages = BufReader::new(process.stderr.take().unwrap());
        let mut said = wait_for_a_record(&mut messages);
        // A stop often comes as several signals within milliseconds; all of them are one request.
        signal(&process, number);
        signal(&process, number);
        messages.read_to_string(&mut said).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(code), "{said}");
        let last = said.lines().last().unwrap();
        let resume = format!("continue with compare --resume {}", run.display());
        assert!(last.starts_with("interrupted: ") && last.contains(&resume), "{said}");
        assert!(said.ends_with('\n'));

        let records = store::load(&run).unwrap().records;
        let planned = ROUNDS * servers_in_a_round();
        assert!(
            last.contains(&format!(": {} of {planned} trials", records.len())),
            "{last}: {}",
            records.len()
        );
        assert!(
            records.len() >= servers_in_a_round() && records.iter().all(|record| record.observed.is_right()),
            "{records:?}"
        );
        assert!(fs::read_to_string(run.join("records.jsonl")).unwrap().ends_with('\n'));
    }
}

#[test]
fn a_run_that_is_being_written_is_refused_by_name_and_can_be_looked_at() {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("long.toml");
    fs::write(&scenarios, LONG).unwrap();
    let run = folder.path().join("run");
    let mut process = started(Path::new(LAUNCHER), &run, &["mio", "--scenarios", text(&scenarios), "--out"]);
    let mut messages = BufReader::new(process.stderr.take().unwrap());
    wait_for_a_record(&mut messages);
    let second = compare(&["--resume", text(&run)]);
    let other = compare(&["mio", "--quick", "--only", "script", "--out", text(&run)]);
    let shown = compare(&["--from", text(&run)]);
    signal(&process, Signal::INT);
    messages.read_to_string(&mut String::new()).unwrap();
    process.wait().unwrap();

    for refused in [second, other] {
        assert_eq!(refused.status.code(), Some(1));
        let message = stderr(&refused);
        assert!(
            message.contains(&format!("another process is writing to the run in {}", run.display())),
            "{message}"
        );
    }
    assert!(stdout(&shown).contains("Incomplete: "), "{}", stdout(&shown));
    let records = store::load(&run).unwrap().records;
    assert_eq!(keys(&records).len(), records.len());
}

#[test]
fn a_run_of_another_program_or_machine_is_not_resumed() {
    let (_folder, run, output) = crate::compare::tiny_run(&[]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let mut comparison = store::load(&run).unwrap();
    assert!(comparison.run.program.as_ref().is_some_and(|program| program.len() == 16));
    comparison.run.program = Some("0123456789abcdef".to_owned());
    comparison.run.machine.cores += 1;
    let other = run.with_file_name("other");
    drop(Store::create(&other, &comparison.run).unwrap());
    let refused = compare(&["--resume", text(&other)]);
    assert_eq!(refused.status.code(), Some(1));
    for part in
        ["the machines differ", "the programs differ: 0123456789abcdef when it began", "start a new run"]
    {
        assert!(stderr(&refused).contains(part), "{part}: {}", stderr(&refused));
    }
    assert!(store::load(&other).unwrap().records.is_empty());
}

#[test]
fn a_run_whose_program_is_rebuilt_meanwhile_ends_and_is_not_resumed_with_the_new_one() {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("long.toml");
    fs::write(&scenarios, LONG).unwrap();
    let (program, run) = (folder.path().join("program"), folder.path().join("run"));
    fs::copy(LAUNCHER, &program).unwrap();
    let mut process = started(&program, &run, &["mio", "--scenarios", text(&scenarios), "--out"]);
    let mut messages = BufReader::new(process.stderr.take().unwrap());
    let mut said = wait_for_a_record(&mut messages);
    // As a linker does: another file under the same name.
    let rebuilt = folder.path().join("rebuilt");
    fs::copy(&program, &rebuilt).unwrap();
    OpenOptions::new().append(true).open(&rebuilt).unwrap().write_all(b"another").unwrap();
    fs::rename(&rebuilt, &program).unwrap();
    messages.read_to_string(&mut said).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(1), "{said}");
    assert!(
        said.contains("has been replaced or changed meanwhile") && said.contains("trials are kept in"),
        "{said}"
    );
    let kept = store::load(&run).unwrap().records.len();
    let round = servers_in_a_round();
    assert!((round..ROUNDS * round).contains(&kept), "{kept}");

    let mut resume = Command::new(&program);
    resume.args(["compare", "--resume", text(&run)]);
    let refused = once_not_busy(|| resume.output());
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("the programs differ"), "{}", stderr(&refused));
    assert_eq!(store::load(&run).unwrap().records.len(), kept);
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let (_folder, run, output) = crate::compare::tiny_run(&[]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let command = format!("'{LAUNCHER}' compare --from \"$1\" 2>&1 | true; echo \"${{PIPESTATUS[0]}}\"");
    let piped = Command::new("bash").args(["-c", &command, "bash", text(&run)]).output().unwrap();
    assert_eq!(stdout(&piped).trim(), "0", "{}", stderr(&piped));
}
