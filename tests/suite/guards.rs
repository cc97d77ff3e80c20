//! What was not measured must not pass for a good result.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread;

use comparison::record::{Comparison, Observed, Record};
use comparison::store::{self, Store};
use loadgen::{Bound, Verdict};
use tempfile::TempDir;

use crate::compare::{compare, servers_in_a_round, six_rounds, stderr, stdout, text, tiny_run};

/// A folder, a run of six rounds in it, and its records.
fn measured() -> (TempDir, PathBuf, Comparison) {
    let (folder, run, output) = tiny_run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let before = folder.path().join("before");
    six_rounds(&store::load(&run).unwrap(), 100, &before);
    let comparison = store::load(&before).unwrap();
    (folder, before, comparison)
}

/// The same run with other records, shown; compared with a baseline if there is one.
fn shown(folder: &Path, of: &Comparison, records: &[Record], baseline: Option<&Path>) -> Output {
    let later = folder.join("later");
    // What is left of the case before.
    let _ = fs::remove_dir_all(&later);
    let mut store = Store::create(&later, &of.run).unwrap();
    for record in records {
        store.append(std::slice::from_ref(record)).unwrap();
    }
    drop(store);
    let mut arguments = vec!["--from", text(&later)];
    if let Some(baseline) = baseline {
        arguments.extend(["--baseline", text(baseline)]);
    }
    compare(&arguments)
}

fn invalid(mut record: Record) -> Record {
    if let Observed::Load { outcome, others, .. } = &mut record.observed {
        let reason = "the requested rate was missed".to_owned();
        outcome.verdict = Some(Verdict { bound: Bound::Invalid, reason });
        *others = None;
        outcome.steal = None;
    }
    record
}

#[test]
fn a_comparison_with_a_baseline_fails_where_it_compared_nothing() {
    let (folder, before, comparison) = measured();
    let all = &comparison.records;
    let of_mio = |record: &&Record| record.subject == "mio";
    let without_mio: Vec<Record> = all.iter().filter(|record| !of_mio(record)).cloned().collect();
    let mio_invalid: Vec<Record> =
        all.iter().cloned().map(|record| if of_mio(&&record) { invalid(record) } else { record }).collect();
    let good = shown(folder.path(), &comparison, all, Some(&before));
    assert!(!stdout(&good).contains("NOT JUDGED"), "{}", stdout(&good));
    for (records, named) in [
        (&[][..], "mio in ping-pong: it was not measured in this run"),
        (&all[..1], "NOT JUDGED: mio in ping-pong"),
        (&without_mio[..], "mio in ping-pong: it was not measured in this run"),
        (&mio_invalid[..], "mio in ping-pong: it has no valid round in this run"),
    ] {
        let output = shown(folder.path(), &comparison, records, Some(&before));
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        let flat = stdout(&output).split_whitespace().collect::<Vec<&str>>().join(" ");
        assert!(flat.contains(named), "{named}: {flat}");
    }
}

#[test]
fn a_run_without_records_or_without_a_model_is_no_success() {
    let (folder, _, comparison) = measured();
    let all = &comparison.records;
    let without: Vec<Record> = all.iter().filter(|record| record.subject != "mio").cloned().collect();
    let all_invalid: Vec<Record> = all.iter().cloned().map(invalid).collect();
    for (records, named) in [
        (&[][..], "no trial of this run was made"),
        (&without[..], "ping-pong: never measured: mio"),
        (
            &all_invalid[..],
            "no window of this run is valid, such as the last one: the requested rate was missed",
        ),
    ] {
        let output = shown(folder.path(), &comparison, records, None);
        assert_eq!(output.status.code(), Some(1), "{named}");
        let flat = stdout(&output).split_whitespace().collect::<Vec<&str>>().join(" ");
        assert!(flat.contains(&format!("NOT MEASURED: {named}")), "{named}: {flat}");
    }
}

#[test]
fn a_baseline_without_records_is_refused_before_anything_is_measured() {
    let (folder, before, comparison) = measured();
    let empty = folder.path().join("empty");
    drop(Store::create(&empty, &comparison.run).unwrap());
    let output = compare(&["--from", text(&before), "--baseline", text(&empty)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no trial of it was made"), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn windows_that_other_programs_disturbed_are_marked_and_do_not_fail_the_run() {
    let (folder, run, output) = tiny_run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let comparison = store::load(&run).unwrap();
    let disturbed = |record: &Record| {
        let mut record = invalid(record.clone());
        if let Observed::Load { others, .. } = &mut record.observed {
            *others = Some(0.85);
        }
        record
    };
    let records: Vec<Record> = comparison.records.iter().map(disturbed).collect();
    let output = shown(folder.path(), &comparison, &records, None);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let windows = 2 * servers_in_a_round();
    let all = format!("Other programs disturbed {windows} of {windows} windows");
    assert!(stdout(&output).contains(&all), "{}", stdout(&output));
    let report = fs::read_to_string(folder.path().join("later/report.html")).unwrap();
    assert!(report.contains(&all));
    assert!(report.contains("disturbed by other programs in 2 of 2 rounds"));
}

/// Processes that use all CPUs until this is dropped.
struct Busy(Vec<Child>);

impl Busy {
    fn on_all_cpus() -> Self {
        let cpus = thread::available_parallelism().unwrap().get();
        let busy = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Busy((0..2 * cpus).map(|_| busy()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for process in &mut self.0 {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

#[test]
fn a_machine_that_other_programs_keep_busy_is_said_before_the_run_and_in_its_results() {
    let busy = Busy::on_all_cpus();
    let (_folder, run, output) = tiny_run(&[]);
    drop(busy);
    assert!(output.status.success(), "{}", stderr(&output));
    for warning in ["warning: other programs take ", "warning: other programs took "] {
        assert!(stderr(&output).contains(warning), "{warning}: {}", stderr(&output));
    }
    assert!(stdout(&output).contains("Other programs disturbed "), "{}", stdout(&output));
    let records = store::load(&run).unwrap().records;
    let disturbed: Vec<&Record> =
        records.iter().filter(|record| record.taken_by_others().is_some()).collect();
    assert!(disturbed.len() >= 5, "{} windows", disturbed.len());
    for record in disturbed {
        let Observed::Load { outcome, .. } = &record.observed else {
            unreachable!("only a load has a window")
        };
        let verdict = outcome.verdict.as_ref().unwrap();
        assert_eq!(verdict.bound, Bound::Invalid);
        assert!(verdict.reason.contains("other programs took "), "{verdict}");
    }
}

#[test]
fn every_window_says_how_much_other_programs_took() {
    let (_folder, run, _) = tiny_run(&[]);
    let comparison = store::load(&run).unwrap();
    let shares = comparison.records.iter().filter_map(|record| match &record.observed {
        Observed::Load { others, .. } => Some(*others),
        _ => None,
    });
    let shares: Vec<Option<f64>> = shares.collect();
    assert_eq!(shares.len(), 2 * servers_in_a_round());
    let is_share = |share: &Option<f64>| share.is_some_and(|share| (0.0..=1.0).contains(&share));
    assert!(shares.iter().all(is_share), "{shares:?}");
}
