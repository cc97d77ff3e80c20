//! `trace --predict`, as typed by a learner: in a terminal and without one.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::terminal::Terminal;

fn predict(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    command.args(["trace", "--predict"]).args(arguments);
    command
}

/// The output, if these lines are typed into a pipe.
fn dialog(arguments: &[&str], typed: &str) -> String {
    let mut command = predict(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_same_seed_repeats_the_questions_and_the_answers_end_with_the_input() {
    let dialogs = ["7", "7", "8"].map(|seed| dialog(&["--seed", seed, "--rounds", "2"], &"\n".repeat(6)));
    assert_eq!(dialogs[0], dialogs[1]);
    assert_ne!(dialogs[0], dialogs[2]);
    assert!(dialogs[0].contains("trace --predict --seed 7 --rounds 2\n"), "{}", dialogs[0]);
    assert_eq!(dialogs[0].matches("\nreply?  ").count(), 6, "{}", dialogs[0]);
    let nothing = dialog(&["--seed", "7"], "");
    assert!(nothing.ends_with("0 of 0 right, 9 not asked\n"), "{nothing}");
}

#[test]
fn a_seed_of_its_own_is_told_so_that_the_questions_can_be_repeated() {
    let first = dialog(&[], "");
    let (_, again) = first.lines().next().unwrap().split_once(": trace --predict ").unwrap();
    let arguments: Vec<&str> = again.split(' ').collect();
    assert_eq!(dialog(&arguments, ""), first);
}

#[test]
fn in_a_terminal_the_question_comes_before_the_answer_and_what_is_typed_is_printed_once() {
    let terminal = Terminal::open();
    let mut command = predict(&["^a", "b$"]);
    let end = || terminal.other_end();
    command.env("NO_COLOR", "1").stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut shown = terminal.text_until("reply?  ");
    assert!(!shown.contains("InMsg"), "{shown}");
    terminal.type_in("b\n");
    shown += &terminal.text_until("read 2  b$\r\nreply?  ");
    assert!(shown.contains("reply?  b\r\nright\r\n"), "{shown}");
    terminal.type_in("\x04"); // Ctrl-D
    assert!(child.wait().unwrap().success());
    let rest = terminal.text_so_far();
    assert!(rest.ends_with("1 of 1 right, 1 not asked\r\n"), "{rest}");
}
