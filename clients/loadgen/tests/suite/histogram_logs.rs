//! Histogram logs, from the run that writes them to the sum of several.

use std::net::SocketAddr;
use std::path::Path;

use crate::common::{patient, server};
use crate::tool::loadgen;
use loadgen::{Arrivals, Latency, Load, Measurement, Outcome, Scenario, run};
use serde::Deserialize;

#[derive(Deserialize)]
struct Merged {
    tag: String,
    intervals: usize,
    times: Option<Latency>,
}

/// Loads the server for a moment, writes a log, and returns the outcome that was printed.
fn logged_run(address: SocketAddr, log: &Path, arguments: &[&str]) -> Outcome {
    let (address, log) = (address.to_string(), log.to_str().expect("a plain path"));
    let fixed =
        [address.as_str(), "--json", "--quiet", "--warm-up", "0ms", "--duration", "1s", "--hist-out", log];
    let output = loadgen(&[&fixed[..], arguments].concat());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("an outcome")
}

#[test]
fn each_kind_of_load_exposes_the_histograms_behind_its_percentiles() {
    let address = server();
    let measure = |load| run(address, &Scenario { load, ..patient(2, 50) }, |_| {}).unwrap();
    let of = |measurement: &Measurement, name| Latency::of(&measurement.further_ns[name]);

    let closed = measure(Load::Closed);
    assert_eq!(closed.histograms().map(|(name, _)| name).collect::<Vec<&str>>(), ["latency"]);
    assert_eq!(Latency::of(&closed.latency_ns), closed.outcome.latency);

    let open = measure(Load::Open { rate: 500, arrivals: Arrivals::Uniform, seed: 0 });
    let figures = open.outcome.open_loop.clone().unwrap();
    assert_eq!(of(&open, "service"), figures.service);
    assert_eq!(of(&open, "send_lag"), figures.send_lag);
    assert_eq!(of(&open, "generator_late"), figures.generator_late);
    assert_eq!(of(&open, "blocked"), figures.blocked);

    let churn = measure(Load::Churn);
    let figures = churn.outcome.churned.clone().unwrap();
    assert_eq!((of(&churn, "greeting"), of(&churn, "life")), (figures.greeting, figures.life));
}

#[test]
fn logs_of_several_runs_add_up_to_the_messages_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (one, two, all) = (path("one.hlog"), path("two.hlog"), path("all.hlog"));
    let address = server();
    let first = logged_run(address, &one, &["--rate", "400"]).latency.unwrap();
    let second = logged_run(address, &two, &["--rate", "500"]).latency.unwrap();

    let names = [&one, &two, &all].map(|path| path.to_str().unwrap());
    let output = loadgen(&["merge", names[0], names[1], "--json", "--out", names[2]]);
    let merged: Vec<Merged> = serde_json::from_slice(&output.stdout).unwrap();
    let tags: Vec<&str> = merged.iter().map(|sum| sum.tag.as_str()).collect();
    assert_eq!(tags, ["latency", "blocked", "generator_late", "send_lag", "service"]);
    let latency = merged[0].times.unwrap();
    assert_eq!((merged[0].intervals, merged[1].intervals), (2, 2));
    assert_eq!(latency.samples, first.samples + second.samples);
    assert_eq!(latency.max_ns, first.max_ns.max(second.max_ns));

    // The sum is itself a log.
    let again: Vec<Merged> = serde_json::from_slice(&loadgen(&["merge", "--json", names[2]]).stdout).unwrap();
    assert_eq!((again[0].intervals, again[0].times), (1, Some(latency)));
    let text = String::from_utf8(loadgen(&["merge", names[2]]).stdout).unwrap();
    assert!(text.starts_with("latency in µs: median "), "{text}");
}

#[test]
fn a_file_that_cannot_be_merged_is_named_with_line_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.hlog");
    let garbage = folder.path().join("garbage.hlog");
    std::fs::write(&garbage, "# a comment\nhello\n").unwrap();
    let binary = folder.path().join("binary.hlog");
    std::fs::write(&binary, [0xff, 0xfe]).unwrap();
    for (path, words) in [
        (missing, "No such file"),
        (garbage, "give files that --hist-out wrote: line 2: not an interval"),
        (binary, "it is not UTF-8 text"),
    ] {
        let path = path.to_str().unwrap();
        let output = loadgen(&["merge", path]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(message.contains(path) && message.contains(words), "{message}");
    }
}

#[test]
fn a_log_that_cannot_be_written_is_reported_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("run.hlog");
    // No server listens on port 1, but the log is checked before connecting.
    let output = loadgen(&["127.0.0.1:1", "--hist-out", path.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("cannot write the histogram log"), "{message}");
}
