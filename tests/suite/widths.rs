//! Tables and progress in terminals of several sizes and kinds.

use std::process::{Command, ExitStatus};

use crate::compare::{text, tiny_run};
use crate::terminal::run_on_a_terminal;

/// Runs the launcher in a terminal with this many columns; what it writes, and its exit status.
fn in_a_terminal(columns: u16, term: &str, arguments: &[&str]) -> (String, ExitStatus) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    command.args(arguments).env("TERM", term).env_remove("COLUMNS").env_remove("NO_COLOR").env_remove("CI");
    run_on_a_terminal(command, columns)
}

/// The text without colours, in lines.
fn lines(text: &str) -> Vec<String> {
    let plain = anstream::adapter::strip_str(text).to_string();
    plain.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn tables_fit_the_terminal() {
    let (_folder, run, _) = tiny_run(&[]);
    for columns in [60, 80, 200] {
        for arguments in [
            &["list"][..],
            &["scorecard"],
            &["scorecard", "--columns"],
            &["check", "--list"],
            &["--help"],
            &["compare", "--from", text(&run)],
        ] {
            let (shown, status) = in_a_terminal(columns, "xterm", arguments);
            assert!(status.success(), "{shown}");
            let lines = lines(&shown);
            // The path of the report is one word.
            let mut tables = lines.iter().filter(|line| !line.starts_with("report: "));
            let wide = tables.find(|line| line.chars().count() > columns.into());
            assert_eq!(wide, None, "{arguments:?} in {columns} columns: {shown}");
            let is_there = |name: &str| lines.iter().any(|line| line.trim_start().starts_with(name));
            match arguments[0] {
                "check" => assert!(is_there("A1 ") && is_there("P1 "), "{shown}"),
                "--help" => assert!(is_there("Judge:") && is_there("check "), "{shown}"),
                "scorecard" if arguments.len() > 1 => assert!(is_there("worst function: "), "{shown}"),
                "scorecard" => assert!(is_there("mio ") && is_there("prime-async-inline "), "{shown}"),
                _ => assert!(is_there("mio ") && is_there("floor-epoll "), "{shown}"),
            }
        }
    }
}

#[test]
fn without_a_terminal_a_line_is_as_long_as_it_needs_unless_columns_says_otherwise() {
    let launcher = env!("CARGO_BIN_EXE_concurrent-servers");
    let listed = |columns: Option<&str>| {
        let mut command = Command::new(launcher);
        command.arg("list").env_remove("COLUMNS").envs(columns.map(|columns| ("COLUMNS", columns)));
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        lines(&output).iter().map(|line| line.chars().count()).max().unwrap()
    };
    let whole = listed(None);
    assert!(whole > 100, "{whole}");
    assert_eq!(listed(Some("nonsense")), whole);
    assert!(listed(Some("70")) <= 70);
}

#[test]
fn progress_is_a_bar_only_where_a_line_can_be_drawn_again() {
    let scenarios = "--only";
    let draws_again = |shown: &str| shown.contains("\u{1b}[2K") && shown.contains("───");
    let arguments =
        |out: &str| ["compare", "mio", "--quick", scenarios, "script", "--out", out].map(str::to_owned);
    for (term, is_bar) in [("xterm", true), ("dumb", false)] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = arguments(text(&folder.path().join("run")));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (shown, status) = in_a_terminal(100, term, &arguments);
        assert!(status.success(), "{shown}");
        assert_eq!(draws_again(&shown), is_bar, "{term}: {shown:?}");
        assert_eq!(shown.contains("1/1 round 1, script, about"), !is_bar, "{term}: {shown:?}");
        if !is_bar {
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
    }
}
