//! `exercise`: the list, hints, a program that does not compile, and Ctrl-C while one is graded. Each in a small project of
//! its own; `exercise --both-ways` grades the real ones.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use observe::Process;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{PATIENCE, ended};

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// A copy of the exercises in which the second one is this program, and no other can be built.
fn project(source: &str) -> TempDir {
    let project = TempDir::new().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises");
    let there = project.path().join("exercises");
    for exercise in grader::EXERCISES {
        let (from, to) = (here.join(exercise.folder), there.join(exercise.folder));
        fs::create_dir_all(to.join("src")).unwrap();
        for file in ["README.md", "hints.md"] {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
    let second = there.join("02-forgets-state");
    fs::write(second.join("src/main.rs"), source).unwrap();
    fs::write(second.join("Cargo.toml"), "[package]\nname = \"forgets-state\"\nedition = \"2024\"\n")
        .unwrap();
    fs::write(there.join("Cargo.toml"), "[workspace]\nmembers = [\"02-forgets-state\"]\nresolver = \"3\"\n")
        .unwrap();
    project
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(LAUNCHER);
    command.arg("exercise").args(arguments).current_dir(folder);
    command
}

/// The exit code, and both outputs.
fn ran(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = ended(&mut command(folder, arguments));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn outside_the_project_it_says_what_to_do() {
    let elsewhere = TempDir::new().unwrap();
    let (code, _, message) = ran(elsewhere.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("go to the project's folder"), "{message}");
}

#[test]
fn the_list_has_all_exercises_and_names_the_next_one() {
    let project = project("fn main() {}");
    let below = project.path().join("exercises/02-forgets-state");
    for folder in [project.path(), &below] {
        let (code, list, _) = ran(folder, &[]);
        assert_eq!(code, Some(0), "{list}");
        for exercise in grader::EXERCISES {
            assert!(list.contains(&format!("\n{:>2}  -", exercise.number)) || exercise.number == 1, "{list}");
        }
        assert!(list.contains("\n  cargo run --release -- exercise 1\n"), "{list}");
    }
}

#[test]
fn each_time_there_is_one_hint_more() {
    let project = project("fn main() {}");
    for shown in 1..=3 {
        let (code, hints, _) = ran(project.path(), &["2", "--hint"]);
        assert_eq!((code, hints.matches("hint ").count()), (Some(0), shown), "{hints}");
        assert!(hints.lines().all(|line| line.chars().count() <= 100), "{hints}");
    }
}

#[test]
fn a_program_that_does_not_compile_is_not_graded() {
    let project = project("fn main() { nonsense() }");
    let (code, said, _) = ran(project.path(), &["2"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("cannot find function `nonsense`") && said.contains("It does not compile"),
        "{said}"
    );
}

/// The program of the exercise ends with the launcher, also if nobody asks it to.
#[test]
fn ctrl_c_ends_the_grading_and_the_program() {
    let project = project(
        "fn main() {
            let file = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/pid\");
            std::fs::write(format!(\"{file}.new\"), std::process::id().to_string()).unwrap();
            std::fs::rename(format!(\"{file}.new\"), file).unwrap();
            std::thread::sleep(std::time::Duration::from_secs(600));
        }",
    );
    let file = project.path().join("exercises/02-forgets-state/pid");
    let mut command = command(project.path(), &["2"]);
    let mut launcher =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the program starts", || file.is_file());
    let program = Process::new(fs::read_to_string(&file).unwrap().parse().unwrap()).unwrap();
    Process::new(launcher.id()).unwrap().signal(Signal::INT).unwrap();
    assert_eq!(launcher.wait().unwrap().code(), Some(130));
    eventually("the program ends", || program.signal(Signal::CONT).is_err());
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}
