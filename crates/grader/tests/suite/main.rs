//! Programs that are no answer to any exercise: the grader says so in bounded time.
//!
//! That every start fails and every solution passes is tested by `exercise --both-ways`, since it builds all of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use grader::{Needs, NotBuilt, Subject, Thoroughness, Verdict, Workshop, find, grade};
use tempfile::TempDir;

fn plain(program: &OsStr) -> Command {
    Command::new(program)
}

/// What is seen of this shell script as the program of exercise 2.
fn failure_of(script: &str) -> String {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("program");
    fs::write(&program, script).unwrap();
    // The shell reads it, and nobody executes it: a file that has just been written may still be open elsewhere.
    let shell = |program: &OsStr| {
        let mut command = Command::new("sh");
        command.arg(program);
        command
    };
    let needs = Needs { listens_within: Duration::from_millis(500), ..Needs::new(&shell, &[]) };
    let subject = Subject { program: &program, source: folder.path(), needs };
    let mut failures = Vec::new();
    let passed = grade(find(2).unwrap(), &subject, Thoroughness::FirstFailure, &mut |finding| {
        if let Verdict::Failed(failure) = &finding.verdict {
            failures.push(failure.clone());
        }
    });
    assert!(!passed);
    assert_eq!(failures.len(), 1, "one thing to mend at a time");
    failures.remove(0)
}

#[test]
fn a_program_that_never_listens_is_told_so() {
    let failure = failure_of("echo 'soon' >&2; exec sleep 600");
    assert!(failure.contains("does not listen on 127.0.0.1:") && failure.contains("soon"), "{failure}");
}

#[test]
fn a_program_that_ends_at_once_is_told_how_and_what_it_said() {
    let failure = failure_of("echo 'no port' >&2; exit 3");
    assert!(failure.contains("ended before it listened") && failure.contains("exit status: 3"), "{failure}");
    assert!(failure.contains("no port"), "{failure}");
}

/// A workspace with one package, without dependencies.
fn workspace(source: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), source).unwrap();
    let manifest = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    folder
}

fn built(folder: &Path) -> Result<(), NotBuilt> {
    let target = folder.join("target");
    let workshop = Workshop { workspace: folder, target: &target, locked: false, tied: &plain };
    workshop.build("small").map(|program| assert!(program.is_file()))
}

#[test]
fn a_program_that_does_not_compile_is_told_by_the_compiler() {
    assert_eq!(built(workspace("fn main() {}").path()), Ok(()));
    let refused = built(workspace("fn main() { nonsense() }").path());
    assert!(
        matches!(&refused, Err(NotBuilt::Refused(message)) if message.contains("cannot find function `nonsense`")),
        "{refused:?}"
    );
}
