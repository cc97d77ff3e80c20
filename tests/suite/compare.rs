//! The launcher's `compare` from outside: real servers, real load, and the files of a run.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use comparison::record::{Comparison, Observed, Record};
use comparison::scenario::Point;
use comparison::store::{self, Store};
use concurrent_servers::models::FLOORS;
use observe::{ServerCommand, ServerProcess};
use serde_json::Value;
use tempfile::TempDir;

/// Two rounds of 20 ms windows.
const TINY: &str = r#"
[profiles.quick]
about = "as short as possible"
warm_up_ms = 5
window_ms = 20
slices = { passes = 2, warm_up_ms = 5, window_ms = 10 }
greeting_wait_ms = 200
rounds = { script = 1, ping-pong = 2 }

[[scenario]]
name = "script"
title = "two scripted clients"
question = "Do they get their replies?"
script = { connections = 2, pause_divisor = 100 }

[[scenario]]
name = "ping-pong"
title = "2 clients"
question = "What does a message cost?"
load = { connections = 2 }
"#;

pub(crate) fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_concurrent-servers")).arg("compare").args(arguments).output().unwrap()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A tiny run of mio in a folder that is removed at the end.
pub(crate) fn tiny_run(further: &[&str]) -> (TempDir, PathBuf, Output) {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("tiny.toml");
    fs::write(&scenarios, TINY).unwrap();
    let run = folder.path().join("run");
    let mut arguments = vec!["mio", "--quick", "--scenarios", text(&scenarios), "--out", text(&run)];
    arguments.extend(further);
    let output = compare(&arguments);
    (folder, run, output)
}

pub(crate) fn keys(records: &[Record]) -> HashSet<(u32, String, Point, String)> {
    let key = |record: &Record| (record.round, record.scenario.clone(), record.point, record.subject.clone());
    records.iter().map(key).collect()
}

#[test]
fn one_model_its_floors_and_their_twins_are_compared_as_processes_of_their_own() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let output =
        compare(&["mio", "--quick", "--only", "ping-pong,script", "--seed", "1", "--out", text(&run)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = stdout(&output);
    for line in ["script: ", "ping-pong: ", "mio ", "floor-epoll ", "  again ", "How to read it"] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "no line begins with {line:?}: {shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 100 && !line.contains('\u{1b}')), "{shown}");

    let comparison = store::load(&run).unwrap();
    assert_eq!(
        comparison.run.command,
        "cargo run --release -- compare mio --quick --only ping-pong,script --seed 1"
    );
    assert!(comparison.run.machine.cores >= 1);
    // One script of the model, and two rounds.
    let trials = 1 + 2 * servers_in_a_round();
    assert_eq!((comparison.records.len(), keys(&comparison.records).len()), (trials, trials));
    for record in &comparison.records {
        match &record.observed {
            Observed::Script { elapsed_ns, failures } => {
                assert!(failures.is_empty(), "{failures:?}");
                assert!(*elapsed_ns > 200_000_000, "the pauses alone take 0.22 s");
            }
            Observed::Load { outcome, usage: Some(usage), latency_histogram: Some(_), .. } => {
                assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
                assert_eq!((outcome.served, outcome.starved), (50, 0));
                assert!(outcome.messages + outcome.drained > 0);
                assert!(usage.cpu_ns > 0 && usage.peak_memory_bytes > 0 && usage.threads > 0, "{usage:?}");
            }
            other => panic!("{}: {other:?}", record.subject),
        }
    }
}

#[test]
fn variants_of_a_model_are_started_with_their_options_beside_the_model_as_it_is() {
    let folder = TempDir::new().unwrap();
    let (scenarios, run) = (folder.path().join("variants.toml"), folder.path().join("run"));
    let variants = r#"
        variants = [
            { name = "per-byte", options = ["--write-policy=per-byte"] },
            { name = "wrong", options = ["--write-policy=wrong"] },
        ]
    "#;
    fs::write(&scenarios, TINY.to_owned() + variants).unwrap();
    let output = compare(&[
        "mio",
        "tokio",
        "--quick",
        "--only=ping-pong",
        "--scenarios",
        text(&scenarios),
        "--out",
        text(&run),
    ]);
    let of = |name: &str| -> Vec<Record> {
        let records = store::load(&run).unwrap().records;
        records.into_iter().filter(|record| record.subject == name).collect()
    };
    for name in ["mio", "mio, per-byte"] {
        assert!(of(name).len() == 2 && of(name).iter().all(|record| record.observed.is_right()), "{name}");
    }
    assert!(of("tokio").is_empty(), "tokio does not take the options");
    // The server refuses the value, so it got it.
    assert!(of("mio, wrong").iter().all(|record| matches!(record.observed, Observed::Failed { .. })));
    assert_eq!((of("mio, wrong").len(), output.status.code()), (2, Some(1)), "{}", stderr(&output));
    assert!(stdout(&output).contains("\n  per-byte "), "{}", stdout(&output));
    assert!(stdout(&output).contains("\n  mio answers in "), "{}", stdout(&output));
}

#[test]
fn a_scenario_about_options_is_refused_if_no_chosen_model_takes_them() {
    let output = compare(&["tokio", "--only", "write-policy"]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "choose one of sequential, thread-per-conn, mio";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

/// A model, the floors that this machine can run, and their twins.
pub(crate) fn servers_in_a_round() -> usize {
    1 + 2 * FLOORS.iter().filter(|floor| floor.runs_here()).count()
}

#[test]
fn an_interrupted_run_is_resumed_where_it_ended() {
    let (_folder, run, output) = tiny_run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let path = run.join("records.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 1 + 2 * servers_in_a_round());

    // Three trials are missing, and of a fourth one there is only half a line.
    let kept = lines[..7].iter().map(|line| format!("{line}\n")).collect::<String>();
    fs::write(&path, format!("{kept}{}", &lines[7][..lines[7].len() / 2])).unwrap();
    let output = compare(&["--resume", text(&run)]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("ping-pong: 2 clients (2 rounds)"), "{}", stdout(&output));

    let again = fs::read_to_string(&path).unwrap();
    assert!(again.starts_with(&kept), "complete records are unchanged");
    assert_eq!(again.lines().count(), 1 + 2 * servers_in_a_round());
    let parsed =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>();
    assert_eq!(keys(&parsed(&again)), keys(&parsed(&whole)));
    assert!(again != whole, "the last four were measured again");

    let complete = compare(&["--resume", text(&run)]);
    let said = stderr(&complete);
    assert!(said.contains("is complete: nothing is left to measure"), "{said}");
    assert!(!said.contains("if interrupted"), "{said}");
    assert_eq!((stdout(&complete), complete.status.code()), (stdout(&output), Some(0)));
}

#[test]
fn a_recorded_run_is_shown_again_as_tables_and_as_json() {
    let (_folder, run, output) = tiny_run(&[]);
    let measured = stdout(&output);
    let shown = compare(&["--from", text(&run)]);
    assert_eq!((stdout(&shown), shown.status.code()), (measured, output.status.code()));

    let json = compare(&["--from", text(&run), "--json"]);
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["run"]["profile_name"], "quick");
    let rows = document["scenarios"][1]["points"][0]["rows"].as_array().unwrap();
    let mio = rows.iter().find(|row| row["subject"]["name"] == "mio").unwrap();
    assert_eq!(mio["trials"], 2);
    assert_eq!(mio["metrics"]["messages_per_second"]["values"].as_array().unwrap().len(), 2);
    assert!(document.get("baseline").is_none());
}

/// Six rounds that differ as little as chosen, made from the records of one; the model's CPU time is multiplied by
/// `factor`.
pub(crate) fn six_rounds(of: &Comparison, factor: u64, folder: &Path) {
    let mut store = Store::create(folder, &of.run).unwrap();
    let scripts = of.records.iter().filter(|record| record.scenario == "script");
    scripts.for_each(|record| store.append(std::slice::from_ref(record)).unwrap());
    let first = of.records.iter().filter(|record| record.round == 1 && record.scenario == "ping-pong");
    for mut record in first.cloned() {
        for round in 1..=6 {
            record.round = round;
            if let Observed::Load { outcome, usage: Some(usage), others, .. } = &mut record.observed {
                *others = None;
                outcome.verdict = None;
                outcome.messages = 1_000;
                outcome.drained = 0;
                outcome.messages_per_second = 50_000.0;
                usage.cpu_ns = 5_000_000 + u64::from(round) * 1_000;
                if record.subject == "mio" {
                    usage.cpu_ns = usage.cpu_ns * factor / 100;
                }
            }
            store.append(std::slice::from_ref(&record)).unwrap();
        }
    }
}

#[test]
fn with_a_baseline_the_exit_code_reports_a_regression() {
    let (folder, run, output) = tiny_run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let comparison = store::load(&run).unwrap();
    let [before, same, slower] = ["before", "same", "slower"].map(|name| folder.path().join(name));
    six_rounds(&comparison, 100, &before);
    six_rounds(&comparison, 100, &same);
    six_rounds(&comparison, 130, &slower);

    let same = compare(&["--from", text(&same), "--baseline", text(&before)]);
    assert_eq!(same.status.code(), Some(0), "{}{}", stdout(&same), stderr(&same));
    assert!(stdout(&same).contains("No regression past 10 %, of 2 figures"), "{}", stdout(&same));

    let against = ["--from", text(&slower), "--baseline", text(&before)];
    let regression = compare(&against);
    assert_eq!(regression.status.code(), Some(1), "{}", stdout(&regression));
    assert!(
        stdout(&regression).contains("Regression past 10 %: mio in ping-pong."),
        "{}",
        stdout(&regression)
    );

    let allowed = compare(&[&against[..], &["--bound", "40"]].concat());
    assert_eq!(allowed.status.code(), Some(0), "{}", stdout(&allowed));
    let json = compare(&[&against[..], &["--json"]].concat());
    assert_eq!(json.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["baseline"]["changes"][0]["judgement"], "regression");
}

#[test]
fn servers_that_are_not_ours_take_part_by_command_and_by_address() {
    let launcher = env!("CARGO_BIN_EXE_concurrent-servers");
    let running = ServerProcess::start(&ServerCommand::new("mio", launcher, ["serve", "mio"]), &[]).unwrap();
    let by_address = format!("running={}", running.address());
    let by_command = format!("started={launcher} serve mio --quiet --addr {{addr}}");
    let further = ["--rounds", "1", "--address", &by_address, "--command", &by_command];
    let (_folder, run, output) = tiny_run(&further);
    assert!(output.status.success(), "{}", stderr(&output));
    let comparison = store::load(&run).unwrap();
    assert!(
        comparison.run.command.contains(&format!("compare mio --address {by_address} --command 'started="))
    );
    let usage = |name: &str| {
        let is_of = |record: &&Record| record.subject == name && record.scenario == "ping-pong";
        let record = comparison.records.iter().find(is_of).unwrap();
        let Observed::Load { outcome, usage, .. } = &record.observed else { panic!("{record:?}") };
        assert!(outcome.messages > 0 && outcome.errors.is_empty(), "{outcome:?}");
        *usage
    };
    assert!(usage("running").is_none(), "its process is not known");
    assert!(usage("started").unwrap().cpu_ns > 0 && usage("mio").unwrap().cpu_ns > 0);
    assert_eq!(comparison.records.iter().filter(|record| record.scenario == "script").count(), 3);
}

#[test]
fn the_instrument_tests_itself_and_writes_what_it_found() {
    let folder = TempDir::new().unwrap();
    let output = compare(&["--self-test", "--runs", "1", "--rounds", "1", "--out", text(folder.path())]);
    // On a busy machine no window may be valid, and a single core cannot be pinned; both are told.
    let said = stderr(&output);
    if said.contains("nothing can be tested") || said.contains("needs two CPUs") {
        assert_eq!(output.status.code(), Some(1), "{said}");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "one round is too few to find anything: {said}");
    assert!(stdout(&output).contains("| the same program | 1 | 0 | 0 |"), "{}", stdout(&output));
    let written = fs::read_to_string(folder.path().join("self-test.json")).unwrap();
    let outcome: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(outcome["slowed"].as_array().unwrap().len(), 1);
    assert!(outcome["burned_ns"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_baseline_that_measured_something_else_is_rejected_before_anything_is_measured() {
    let (folder, run, _) = tiny_run(&[]);
    let out = folder.path().join("other");
    let refused = compare(&["mio", "--quick", "--baseline", text(&run), "--out", text(&out)]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("the runs cannot be compared: with 2 slices with windows of 10 ms"),
        "{}",
        stderr(&refused)
    );
    assert!(!out.exists());
}

#[test]
fn a_folder_with_a_run_is_not_overwritten() {
    let (_folder, run, _) = tiny_run(&[]);
    let before = fs::read(run.join("records.jsonl")).unwrap();
    let refused = compare(&["mio", "--quick", "--only", "script", "--out", text(&run)]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("--resume"), "{}", stderr(&refused));
    assert_eq!(fs::read(run.join("records.jsonl")).unwrap(), before);
}

#[test]
fn wrong_arguments_are_rejected_with_the_correct_form() {
    let folder = TempDir::new().unwrap();
    let nowhere = folder.path().join("nowhere");
    let nowhere = text(&nowhere);
    for (arguments, code, hint) in [
        (&["moi"][..], 2, "possible values: sequential"),
        (
            &["--only", "pingpong", "--out", nowhere],
            2,
            "'--only <NAME,NAME>': the profile \"default\" has no scenario",
        ),
        (&["--only", "", "--out", nowhere], 2, "has no scenario \"\"; it has"),
        (&["--only", "own-peak", "--out", nowhere], 2, "choose both: ping-pong,own-peak"),
        (&["--only", "many-idle", "--out", nowhere], 2, "choose it with --full"),
        (&["--seed", "one"], 2, "--seed <N>"),
        (&["--rounds", "0"], 2, "--rounds <N>"),
        (&["--rounds", "101"], 2, "1..=100"),
        (&["--runs", "3"], 2, "--self-test"),
        (&["--self-test", "mio"], 2, "cannot be used with"),
        (&["--self-test", "--runs", "0"], 2, "--runs <N>"),
        (&["--address", "127.0.0.1:80"], 2, "such as other=127.0.0.1:9090"),
        (&["--command", "other=./server"], 2, "{port}"),
        (&["--profile", "full"], 2, "--profile"),
        (&["--resume", nowhere], 1, "the folder of a run?"),
        (&["--from", nowhere], 1, "the folder of a run?"),
        (&["--quick", "--baseline", nowhere, "--out", nowhere], 1, "the folder of a run?"),
        (&["--scenarios", nowhere, "--out", nowhere], 1, "cannot read the scenarios"),
        (&["--from", nowhere, "--quick"], 2, "cannot be used with"),
        (&["--resume", nowhere, "mio"], 2, "cannot be used with"),
        (&["--quick", "--full"], 2, "cannot be used with"),
        (&["--bound", "5"], 2, "--baseline <FOLDER>"),
        (&["--baseline", nowhere, "--bound", "100"], 2, "below 100"),
        (&["--baseline", nowhere, "--bound", "much"], 2, "such as 10"),
    ] {
        let output = compare(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(hint), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !Path::new(nowhere).exists(), "{arguments:?}");
    }
}
