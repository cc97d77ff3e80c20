//! The launcher's report from outside: a run writes one, and its records reproduce it.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_run_writes_a_report_that_its_records_reproduce() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let report = run.join("report.html");
    let messages = compare(&["--quick", "--only", "script", "mio", "--out", run.to_str().unwrap()]);
    assert!(messages.contains(&format!("report: {}", report.display())), "{messages}");
    let page = read(&report);
    assert!(page.contains("Are clients served side by side") && page.contains("<svg"), "{page}");
    assert!(page.contains("compare mio --quick --only script"), "the command that makes such a run");
    assert!(!page.contains(folder.path().to_str().unwrap()), "no path of this machine");

    fs::remove_file(&report).unwrap();
    compare(&["--from", run.to_str().unwrap()]);
    assert_eq!(read(&report), page);
}

#[test]
fn figures_are_printed_although_the_report_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    compare(&["--quick", "--only", "script", "mio", "--out", run.to_str().unwrap()]);
    let report = run.join("report.html");
    fs::remove_file(&report).unwrap();
    fs::create_dir(&report).unwrap();
    let launcher = env!("CARGO_BIN_EXE_concurrent-servers");
    let output = Command::new(launcher).args(["compare", "--from", run.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains(&format!("cannot write the report to {}", report.display())), "{message}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("  mio "), "{output:?}");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn compare(arguments: &[&str]) -> String {
    let launcher = env!("CARGO_BIN_EXE_concurrent-servers");
    let output = Command::new(launcher).arg("compare").args(arguments).output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{messages}");
    messages
}
