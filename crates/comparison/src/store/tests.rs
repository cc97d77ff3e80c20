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
        repeated: 0,
        load: Some(loadgen::Scenario::default()),
        observed: Observed::Failed { error: "planned".to_owned() },
    }
}

fn written(folder: &Path) -> Comparison {
    let run = example::run("quick");
    let mut store = Store::create(folder, &run).unwrap();
    let records = vec![record(1), record(2)];
    store.append(&records).unwrap();
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
        store.append(&[record(4)]).unwrap();
        comparison.records.push(record(4));
        assert_eq!(load(folder.path()).unwrap(), comparison);
    }
}

#[test]
fn records_that_are_removed_or_cut_while_a_run_writes_are_missed() {
    for remove in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path(), &example::run("quick")).unwrap();
        store.append(&[record(1)]).unwrap();
        let path = folder.path().join(RECORDS);
        if remove {
            fs::remove_file(&path).unwrap();
        } else {
            File::create(&path).unwrap();
        }
        let message = store.append(&[record(2)]).unwrap_err().to_string();
        assert!(message.contains("was removed or changed while the run writes to it"), "{message}");
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
    for (text, expected) in [
        ("nonsense", "not JSON"),
        ("{\"format\": 3}", "has the format 3, and this program reads 1 to 2"),
        ("{\"format\": 0}", "has the format 0"),
        ("{}", "has the format of no run"),
        ("{\"format\": 2}", "describe"),
    ] {
        fs::write(folder.path().join(RUN), text).unwrap();
        let message = format!("{:#}", load(folder.path()).unwrap_err());
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn only_one_process_at_a_time_writes_to_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = example::run("quick");
    let first = Store::create(folder.path(), &run).unwrap();
    let name = folder.path().display().to_string();
    for refused in
        [Store::resume(folder.path()).unwrap_err(), Store::create(folder.path(), &run).unwrap_err()]
    {
        let message = refused.to_string();
        assert!(message.contains("another process is writing") && message.contains(&name), "{message}");
    }
    drop(first);
    let (second, _) = Store::resume(folder.path()).unwrap();
    assert!(Store::resume(folder.path()).is_err(), "the one that resumed it holds it, too");
    drop(second);
    Store::resume(folder.path()).unwrap();
}

#[test]
fn a_trial_that_was_recorded_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let comparison = written(folder.path());
    let path = folder.path().join(RECORDS);
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str(text.lines().next().unwrap().to_owned().as_str());
    text.push('\n');
    fs::write(&path, &text).unwrap();
    assert_eq!(load(folder.path()).unwrap(), comparison);
    // Resuming adds behind all complete lines, those that do not count included.
    let (mut store, kept) = Store::resume(folder.path()).unwrap();
    assert_eq!(kept, comparison);
    store.append(&[record(3)]).unwrap();
    assert_eq!(load(folder.path()).unwrap().records.len(), 3);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&text));
}

#[test]
fn a_line_that_ends_within_a_character_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let comparison = written(folder.path());
    let mut file = OpenOptions::new().append(true).open(folder.path().join(RECORDS)).unwrap();
    file.write_all(b"{\"round\":3,\"scenario\":\"\xe2\x80").unwrap();
    assert_eq!(load(folder.path()).unwrap(), comparison);
    assert_eq!(Store::resume(folder.path()).unwrap().1, comparison);
}

#[test]
fn runs_that_begin_in_the_same_second_have_folders_of_their_own() {
    let parent = tempfile::tempdir().unwrap();
    let run = example::run("quick");
    let make = || Store::create_in(parent.path(), &run).map(|store| store.folder().to_owned());
    let folders: Vec<PathBuf> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        all.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
    });
    let different: HashSet<&PathBuf> = folders.iter().collect();
    assert_eq!(different.len(), folders.len(), "{folders:?}");
    assert!(folders.iter().all(|folder| load(folder).is_ok()));
    assert!(folders.iter().any(|folder| folder.ends_with("2026-01-02T03-04-05Z")), "{folders:?}");
}

#[test]
fn a_folder_with_records_and_no_description_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    fs::remove_file(folder.path().join(RUN)).unwrap();
    let message = Store::create(folder.path(), &example::run("quick")).unwrap_err().to_string();
    assert!(message.contains("already has a run"), "{message}");
}

#[test]
fn a_run_in_the_first_format_is_read_and_not_resumed() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/2026-11-23-amd-epyc-2-cores");
    let comparison = load(&results).unwrap();
    assert_eq!((comparison.run.format, comparison.run.profile.slices), (1, None));
    assert!(comparison.records.len() > 1_000 && comparison.records.iter().all(|record| record.repeated == 0));
    let analysis = crate::analysis::analyse(&comparison);
    assert_eq!(analysis.scenarios.len(), comparison.run.scenarios.len());

    let folder = tempfile::tempdir().unwrap();
    for name in [RUN, RECORDS] {
        fs::copy(results.join(name), folder.path().join(name)).unwrap();
    }
    let message = Store::resume(folder.path()).unwrap_err().to_string();
    assert!(message.contains("format 1") && message.contains("--from"), "{message}");
}
