//! The conventions of terminals, for every command: which of them are coloured, and when.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use crate::streams::{commands, launcher, server};
use crate::terminal::run_on_a_terminal;

/// Variables of the environment.
type Variables = [(&'static str, &'static str)];

/// What the environment says about colours, and whether a terminal and something else get them.
const CONVENTIONS: &[(&Variables, bool, bool)] = &[
    (&[("TERM", "xterm")], true, false),
    (&[("TERM", "xterm"), ("NO_COLOR", "")], true, false),
    (&[("TERM", "xterm"), ("NO_COLOR", "1")], false, false),
    (&[("TERM", "xterm"), ("CLICOLOR", "0")], false, false),
    (&[("TERM", "xterm"), ("CLICOLOR", "1")], true, false),
    (&[("TERM", "dumb")], false, false),
    (&[], false, false),
    (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, true),
    (&[("TERM", "xterm"), ("CLICOLOR_FORCE", "0")], true, false),
    (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "0")], false, false),
    (&[("TERM", "xterm"), ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
];

/// Commands without a colour anywhere.
const PLAIN: &[&str] = &[
    "--version",
    "list",
    "list --names",
    "list --markdown",
    "list --json",
    "trace ^a$ --json",
    "trace --table",
    "client --fast=50 ADDR", // of its lines only failures have one
    "check ADDR --only A3 --json",
    "faults --list",
    "scorecard",
    "scorecard mio --json",
    "scorecard --markdown",
    "scorecard --columns",
    "completions bash",
];

/// Commands that take long and print through the same functions as others.
const SLOW: &[&str] = &["soak mio --seconds 2"];

/// Complaints go to standard error.
const COMPLAINTS: &[&str] = &["client -n 0", "nonsense"];

/// What the command writes to both streams, where these are a terminal.
fn on_a_terminal(command: Command) -> String {
    run_on_a_terminal(command, 100).0
}

fn elsewhere(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn every_command_follows_the_conventions_for_colours() {
    let server = server();
    let with = |words: &str, variables: &[(&str, &str)]| {
        let mut command = launcher(words, &server);
        command.env_clear().envs(variables.iter().copied());
        command
    };
    let all: Vec<&str> =
        commands().into_iter().map(|(_, words)| words).chain(COMPLAINTS.iter().copied()).collect();
    assert!(PLAIN.iter().chain(SLOW).all(|words| all.contains(words)), "each is a command");
    for words in all.into_iter().filter(|words| !SLOW.contains(words)) {
        let is_coloured = !PLAIN.contains(&words);
        for (variables, terminal, other) in CONVENTIONS {
            for (is_expected, text) in [
                (*terminal, on_a_terminal(with(words, variables))),
                (*other, elsewhere(with(words, variables))),
            ] {
                let controls: BTreeSet<char> = text
                    .chars()
                    .filter(|letter| letter.is_control() && !"\r\n\t".contains(*letter))
                    .collect();
                let has_colour = controls.contains(&'\u{1b}');
                assert_eq!(has_colour, is_expected && is_coloured, "{words} with {variables:?}: {text:?}");
                assert!(controls.iter().all(|control| *control == '\u{1b}'), "{words}: {controls:?}");
            }
        }
    }
}

#[test]
fn on_a_dumb_terminal_nothing_moves_the_cursor_back() {
    let server = server();
    let mut command = launcher("load ADDR -c 1 --warm-up 0s -t 1200ms", &server);
    command.env_clear().env("TERM", "dumb");
    let text = on_a_terminal(command);
    assert!(text.contains("messages"), "{text}");
    let moves = text.replace("\r\n", "\n").chars().any(|letter| letter.is_control() && letter != '\n');
    assert!(!moves, "{text:?}");
}

#[test]
fn a_locale_without_unicode_gets_a_drawing_in_ascii() {
    let server = server();
    let drawn = |variables: &[(&str, &str)]| {
        let mut command = launcher("timeline --fast=50 ADDR", &server);
        command.env_clear().envs(variables.iter().copied());
        elsewhere(command)
    };
    assert!(drawn(&[]).contains('━'));
    assert!(drawn(&[("LC_ALL", ""), ("LANG", "C.UTF-8")]).contains('━'));
    for variables in [[("LC_ALL", "C"), ("LANG", "C.UTF-8")], [("LC_CTYPE", "POSIX"), ("LANG", "C.UTF-8")]] {
        let text = drawn(&variables);
        assert!(text.is_ascii() && text.contains("= served"), "{variables:?}: {text}");
    }
}
