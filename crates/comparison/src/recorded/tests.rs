//! The documents agree with the recorded run, and a document that has drifted is found.

use super::*;
use crate::example::{self, card, servers};
use crate::store::Store;

/// A project whose documents have all markers and whose results are one run.
fn project() -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let text = "kept\n<!-- recorded: NAME -->\n<!-- /recorded -->\nkept\n";
    fs::write(project.path().join("README.md"), text.replace("NAME", "summary")).unwrap();
    fs::write(project.path().join("DECIDE.md"), text.replace("NAME", "decide")).unwrap();
    fs::write(project.path().join("METHODOLOGY.md"), text.replace("NAME", "noise")).unwrap();
    fs::write(project.path().join("SECURITY.md"), text.replace("NAME", "audit")).unwrap();
    fs::create_dir(project.path().join("docs")).unwrap();
    add_run(project.path(), "2026-01-02-example", "2026-01-02T03:04:05Z");
    project
}

fn add_run(project: &Path, name: &str, started: &str) {
    let mut comparison = example::comparison("full");
    started.clone_into(&mut comparison.run.started);
    let mut store = Store::create(&project.join(RESULTS).join(name), &comparison.run).unwrap();
    store.append(&comparison.records).unwrap();
}

/// A block that is not about a run.
fn audited(name: &str) -> Option<String> {
    (name == "audit").then(|| "all held\n".to_owned())
}

fn write_documents(project: &Path) -> Vec<String> {
    write(project, &servers(), &card(), audited).unwrap().1
}

#[test]
fn documents_that_were_written_from_the_newest_run_have_not_drifted() {
    let project = project();
    assert_eq!(drifted(project.path(), &servers(), &card(), audited).unwrap().len(), 9);
    assert_eq!(write_documents(project.path()).len(), 9);
    assert_eq!(drifted(project.path(), &servers(), &card(), audited).unwrap(), Vec::<String>::new());
    let readme = fs::read_to_string(project.path().join("README.md")).unwrap();
    assert!(readme.starts_with("kept\n") && readme.ends_with("kept\n"), "{readme}");
    assert!(readme.contains("| `mio` |"), "{readme}");
}

#[test]
fn a_figure_that_was_typed_by_hand_has_drifted() {
    let project = project();
    write_documents(project.path());
    let path = project.path().join("METHODOLOGY.md");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains('±'), "{text}");
    fs::write(&path, text.replacen('±', "±0", 1)).unwrap();
    assert_eq!(drifted(project.path(), &servers(), &card(), audited).unwrap(), ["METHODOLOGY.md"]);
}

#[test]
fn a_report_or_tables_that_are_not_of_the_records_have_drifted() {
    let project = project();
    write_documents(project.path());
    for name in ["report.html", "tables.md"] {
        let file = format!("results/2026-01-02-example/{name}");
        fs::write(project.path().join(&file), "of another run").unwrap();
        assert_eq!(drifted(project.path(), &servers(), &card(), audited).unwrap(), [file.as_str()]);
        fs::remove_file(project.path().join(&file)).unwrap();
        assert_eq!(drifted(project.path(), &servers(), &card(), audited).unwrap(), [file.as_str()]);
        assert_eq!(write_documents(project.path()), [file.as_str()]);
    }
}

#[test]
fn a_run_that_cannot_be_read_or_has_no_records_is_not_passed_over() {
    let project = project();
    write_documents(project.path());
    add_run(project.path(), "2026-03-04-later", "2026-03-04T05:06:07Z");
    let later = project.path().join(RESULTS).join("2026-03-04-later");
    fs::write(later.join("records.jsonl"), "").unwrap();
    let message = drifted(project.path(), &servers(), &card(), audited).unwrap_err().to_string();
    assert!(message.contains("2026-03-04-later, has no records"), "{message}");
    fs::write(later.join("run.json"), "{").unwrap();
    let message = format!("{:#}", drifted(project.path(), &servers(), &card(), audited).unwrap_err());
    assert!(message.contains("2026-03-04-later/run.json is not JSON"), "{message}");
}

#[test]
fn only_the_newest_recorded_run_is_resumed_as_a_recorded_run() {
    let project = project();
    add_run(project.path(), "2026-03-04-later", "2026-03-04T05:06:07Z");
    let folder = |name: &str| project.path().join(RESULTS).join(name);
    check_newest(project.path(), &folder("2026-03-04-later")).unwrap();
    let message = check_newest(project.path(), &folder("2026-01-02-example")).unwrap_err().to_string();
    assert!(message.contains("is not the newest recorded run"), "{message}");
}

#[test]
fn the_newest_run_is_the_one_that_began_last_whatever_its_folder_name() {
    let project = project();
    write_documents(project.path());
    add_run(project.path(), "2025-first", "2026-02-03T04:05:06Z");
    let drifted = drifted(project.path(), &servers(), &card(), audited).unwrap();
    assert!(drifted.contains(&"README.md".to_owned()), "{drifted:?}");
}

#[test]
fn without_results_or_documents_the_message_says_where_to_run_it() {
    let empty = tempfile::tempdir().unwrap();
    for message in [
        drifted(empty.path(), &servers(), &card(), audited).unwrap_err(),
        Documents::read(empty.path()).unwrap_err(),
    ] {
        let message = format!("{message:#}");
        assert!(message.contains("the project's folder"), "{message}");
    }
    let project = project();
    fs::remove_dir_all(project.path().join(RESULTS).join("2026-01-02-example")).unwrap();
    let message = format!("{:#}", drifted(project.path(), &servers(), &card(), audited).unwrap_err());
    assert!(message.contains("no recorded run"), "{message}");
}

#[test]
fn a_pinned_run_of_the_same_day_has_a_folder_of_its_own() {
    let mut run = example::comparison("full").run;
    run.started = "2026-03-04T05:06:07Z".to_owned();
    let shared = folder(Path::new("."), &run);
    run.layout = Layout::Pinned { server: 0, client: 1 };
    assert_eq!(folder(Path::new("."), &run), Path::new(&format!("{}-pinned", shared.display())));
    assert!(shared.starts_with("./results") && shared.display().to_string().contains("2026-03-04-"));
}

#[test]
fn a_later_run_of_the_same_day_is_numbered() {
    let project = project();
    let run = example::comparison("full").run;
    let first = folder(project.path(), &run);
    let name = first.file_name().unwrap().to_str().unwrap();
    add_run(project.path(), name, &run.started);
    assert_eq!(folder(project.path(), &run), first.with_file_name(format!("{name}-2")));
    add_run(project.path(), &format!("{name}-2"), &run.started);
    assert_eq!(folder(project.path(), &run), first.with_file_name(format!("{name}-3")));
}
