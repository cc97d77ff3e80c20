//! What `merge` refuses to add up, and that it loses nothing.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use loadgen::Outcome;

use crate::common::server;
use crate::primes;
use crate::tool::{loadgen, message};

/// Writes a log of a short run.
fn log(path: &Path, load: &[&str]) {
    let address = server().to_string();
    let fixed = [&address, "--quiet", "--warm-up", "0ms", "--duration", "300ms", "--hist-out", text(path)];
    let output = loadgen(&[&fixed[..], load].concat());
    // Whether a busy machine kept the rate does not matter here.
    assert!(path.exists(), "{}", message(&output));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn a_sum_is_never_added_to_itself_and_no_log_counts_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (one, two, sum) = (path("one.hlog"), path("two.hlog"), path("sum.hlog"));
    log(&one, &["--rate", "1000"]);
    log(&two, &["--rate", "1000"]);
    // As `merge *.hlog --out sum.hlog` does it, twice.
    assert!(loadgen(&["merge", text(&one), text(&two), "--out", text(&sum)]).status.success());
    let first = fs::read(&sum).unwrap();
    let again = loadgen(&["merge", text(&one), text(&sum), text(&two), "--out", text(&sum)]);
    assert_eq!((again.status.code(), again.stdout.len()), (Some(2), 0));
    assert!(message(&again).starts_with("error: --out "), "{}", message(&again));
    assert_eq!(fs::read(&sum).unwrap(), first);

    // Nor to its parts, where another pattern matches both.
    for logs in [[&sum, &one], [&two, &sum]] {
        let doubled = loadgen(&["merge", text(logs[0]), text(logs[1]), "--out", text(&path("other"))]);
        assert_eq!((doubled.status.code(), doubled.stdout.len()), (Some(1), 0));
        assert!(message(&doubled).contains("hold the same times"), "{}", message(&doubled));
    }
    let three = path("three.hlog");
    log(&three, &["--rate", "1000"]);
    assert!(loadgen(&["merge", text(&sum), text(&three), "--out", text(&path("more"))]).status.success());
    let doubled = loadgen(&["merge", text(&path("more")), text(&two)]);
    assert_eq!(doubled.status.code(), Some(1), "a sum of sums holds their parts, too");

    let twice = loadgen(&["merge", text(&one), text(&folder.path().join("./one.hlog"))]);
    assert_eq!((twice.status.code(), twice.stdout.len()), (Some(2), 0));
    fs::copy(&one, path("copy.hlog")).unwrap();
    let copied = loadgen(&["merge", text(&one), text(&two), text(&path("copy.hlog"))]);
    assert_eq!((copied.status.code(), copied.stdout.len()), (Some(1), 0));
    assert!(message(&copied).contains("hold the same times"), "{}", message(&copied));
}

#[test]
fn times_of_different_loads_are_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let loads: [(&str, &[&str]); 3] =
        [("closed", &[]), ("open", &["--rate", "1000"]), ("churn", &["--churn"])];
    for (name, load) in loads {
        log(&path(name), load);
    }
    for (one, other) in [("closed", "open"), ("open", "churn"), ("churn", "closed")] {
        let output = loadgen(&["merge", text(&path(one)), text(&path(other)), "--out", text(&path("sum"))]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        assert!(message(&output).contains("these must not be added"), "{}", message(&output));
        assert!(!path("sum").exists());
    }
    // A log without the header, as older versions wrote it, is known by its tags.
    for (name, _) in loads {
        let log = fs::read_to_string(path(name)).unwrap();
        let lines = log.lines().filter(|line| !line.starts_with("#[Latency: "));
        fs::write(path(name), lines.map(|line| format!("{line}\r\n")).collect::<String>()).unwrap();
    }
    let output = loadgen(&["merge", text(&path("closed")), text(&path("open"))]);
    assert!(message(&output).contains("these must not be added"), "{}", message(&output));
}

#[test]
fn of_several_kinds_of_requests_each_has_a_sum_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let address = primes::server().to_string();
    let numbers = ["--service", "prime", "--connections", "2", "--numbers", "small:3,big=~100000000:1"];
    let files = ["one", "two"].map(|name| folder.path().join(name));
    let outcomes = files.each_ref().map(|file| {
        let fixed = [&address, "--json", "--warm-up", "0ms", "--duration", "300ms", "--hist-out", text(file)];
        let output = loadgen(&[&fixed[..], &numbers].concat());
        serde_json::from_slice::<Outcome>(&output.stdout).unwrap_or_else(|_| panic!("{}", message(&output)))
    });
    let output = loadgen(&["merge", "--json", text(&files[0]), text(&files[1])]);
    let merged: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let samples = |tag: &str| {
        let sum = merged.as_array().unwrap().iter().find(|sum| sum["tag"] == tag);
        sum.and_then(|sum| sum["times"]["samples"].as_u64()).unwrap_or_else(|| panic!("{tag}: {merged:#}"))
    };
    for (place, name) in ["small", "big"].into_iter().enumerate() {
        let measured: u64 =
            outcomes.iter().map(|outcome| outcome.kinds[place].latency.unwrap().samples).sum();
        assert_eq!(samples(&format!("{name}.latency")), measured, "{name}: {merged:#}");
    }
    assert_eq!(samples("latency"), samples("small.latency") + samples("big.latency"), "{merged:#}");

    // The same name, by the clock this time.
    let clocked = folder.path().join("clocked");
    let by_clock = ["--service", "prime", "--connections", "2", "--numbers", "small:3,big=~100000000:50/s@2"];
    let fixed =
        [&address, "--quiet", "--warm-up", "0ms", "--duration", "300ms", "--hist-out", text(&clocked)];
    loadgen(&[&fixed[..], &by_clock].concat());
    let output = loadgen(&["merge", text(&files[0]), text(&clocked)]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(message(&output).contains("under \"big.latency\""), "{}", message(&output));
}

#[test]
fn percentiles_are_printed_although_the_sum_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("one.hlog");
    log(&one, &[]);
    let output = loadgen(&["merge", text(&one), "--out", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"latency in "), "{output:?}");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut merge = crate::tool::command();
    let status = merge.args(["merge", text(&one)]).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(1));
}
