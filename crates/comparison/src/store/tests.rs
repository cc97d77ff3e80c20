//! A run on disk survives an interruption, and other folders are rejected.

use super::*;
use crate::example;
use crate::record::Observed;
use crate::scenario::Point;

fn record(round: u32) -> Record {
    Record {
        round,
        scenario: "ping-pong".to_owned(),
        point: Point::Connections(8),
        subject: "mio".to_owned(),
        divided_by: Some("floor-epoll".to_owned()),
        turn: 1,
        load: Some(loadgen::Scenario::default()),
        observed: Observed::Failed { error: "planned".to_owned() },
    }
}

fn written(folder: &Path) -> Comparison {
    let run = example::run("quick");
    let mut store = Store::create(folder, &run).unwrap();
    let records = vec![record(1), record(2)];
    for record in &records {
        store.append(record).unwrap();
    }
    Comparison { run, records }
}

#[test]
fn a_run_that_was_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let comparison = written(folder.path());
    assert_eq!(load(folder.path()).unwrap(), comparison);
}

#[test]
fn an_incomplete_line_is_dropped_and_the_run_continues_after_the_last_complete_one() {
    let line = serde_json::to_string(&record(3)).unwrap();
    for length in [1, 20, line.len()] {
        let folder = tempfile::tempdir().unwrap();
        let mut comparison = written(folder.path());
        let mut file = OpenOptions::new().append(true).open(folder.path().join(RECORDS)).unwrap();
        file.write_all(&line.as_bytes()[..length]).unwrap();

        let (mut store, kept) = Store::resume(folder.path()).unwrap();
        assert_eq!(kept, comparison);
        store.append(&record(4)).unwrap();
        comparison.records.push(record(4));
        assert_eq!(load(folder.path()).unwrap(), comparison);
    }
}

#[test]
fn a_broken_line_in_the_middle_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let path = folder.path().join(RECORDS);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"round\":1", "\"round\":one", 1)).unwrap();
    let message = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(message.contains("line 1"), "{message}");
}

#[test]
fn a_folder_with_a_run_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let message = Store::create(folder.path(), &example::run("quick")).unwrap_err().to_string();
    assert!(message.contains("--resume"), "{message}");
}

#[test]
fn a_folder_without_a_run_or_with_another_format_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let message = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(message.contains("is it") || message.contains("the folder of a run"), "{message}");
    for (text, expected) in
        [("nonsense", "not JSON"), ("{\"format\": 2}", "another format"), ("{\"format\": 1}", "describe")]
    {
        fs::write(folder.path().join(RUN), text).unwrap();
        let message = format!("{:#}", load(folder.path()).unwrap_err());
        assert!(message.contains(expected), "{text}: {message}");
    }
}
