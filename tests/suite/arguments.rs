//! Wrong arguments of every command: exit code 2, before anything is started, and a message that names what is wrong.
//!
//! A new option belongs into [`WRONG`], with values that make no sense.

use std::process::Command;

use crate::process::ended;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// A command, and an option with wrong values for it. `-` stands for a value that is missing.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("list", "--names", &["--markdown"]),
    ("list", "--json", &["--names", "--markdown"]),
    ("list", "--service", &["all", "", "-"]),
    ("diff mio", "--headers", &["=yes"]),
    ("serve mio", "--addr", &["", "-", "nowhere", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1"]),
    ("serve tokio", "--workers", &["0", "-1", "1.5", "99999999999999999999", "NaN", "", "-"]),
    ("serve mio", "--workers", &["2"]),
    ("serve mio", "--runtime", &["current-thread", "per-core", "none"]),
    ("serve mio", "--write-policy", &["per-line", "per-read,per-byte", "", "-"]),
    ("serve tokio", "--write-policy", &["per-byte", "per-read"]),
    ("serve floor-epoll", "--write-policy", &["per-byte"]),
    ("serve prime-queue", "--framing", &["word", "", "-"]),
    ("serve prime-queue", "--cache", &["nowhere", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "", "-"]),
    ("serve mio", "--cache", &["127.0.0.1:6379"]),
    ("serve mio", "--framing", &["line", "read"]),
    ("serve prime-threads", "--workers", &["2"]),
    ("serve tokio", "--nagle", &["-"]),
    ("serve mio", "--nagle", &["=yes"]),
    ("serve mio", "--max-conns", &["0", "-1", "many", "99999999999999999999", "", "-"]),
    ("serve mio", "--idle-timeout", &["0s", "-1s", "7", "31days", "NaN", "", "-", "99999999999999999999s"]),
    ("serve mio", "--write-timeout", &["0s", "-1s", "7", "31days"]),
    ("serve mio", "--progress-timeout", &["0s", "-1s", "7", "31days"]),
    ("serve mio", "--drain-timeout", &["0s", "-1s", "off", "31days"]),
    ("serve mio", "--log-format", &["xml", "", "-"]),
    ("client", "--connections", &["0", "-1", "10001", "1e3", "NaN", "", "-", "99999999999999999999"]),
    ("client", "--fast", &["=0", "=-1", "=", "=0.5", "=99999999999999999999"]),
    ("client", "--timeout", &["0s", "-1s", "7", "2days", "1ns", "NaN", "", "-", "99999999999999999999s"]),
    ("trace --predict", "--seed", &["-1", "1.5", "seven", "99999999999999999999", "", "-"]),
    ("trace --predict", "--rounds", &["0", "-1", "101", "many", "", "-"]),
    ("trace --predict ^a$", "--seed", &["7"]),
    ("trace --predict", "--table", &["-"]),
    ("timeline", "--connections", &["0", "-1", "65", "NaN", "", "-", "99999999999999999999"]),
    ("timeline", "--fast", &["=0", "=-1", "="]),
    ("timeline thread-pool", "--workers", &["0", "-1", "99999999999999999999", "", "-"]),
    ("timeline mio", "--workers", &["2"]),
    ("timeline tokio", "--write-policy", &["per-byte"]),
    ("timeline tokio select", "--nagle", &["-"]),
    ("timeline 127.0.0.1:1", "--idle-timeout", &["0s", "7", "-1s"]),
    ("timeline 127.0.0.1:1", "--max-conns", &["5", "0"]),
    ("timeline", "--svg", &["", "-"]),
    ("check mio", "--only", &["Z9", "", "A3,", "A3,,B1", "--json", "-"]),
    ("check mio", "--seed", &["-1", "1.5", "NaN", "", "99999999999999999999", "-"]),
    ("check mio", "--concurrency", &["one"]),
    ("check tokio", "--write-policy", &["per-byte"]),
    ("check tokio", "--nagle", &["-"]),
    ("check prime-queue", "--cache", &["nowhere", "127.0.0.1:0", "-"]),
    ("check mio", "--cache", &["127.0.0.1:6380"]),
    ("check 127.0.0.1:1", "--write-policy", &["per-byte"]),
    ("check 127.0.0.1:1", "--nagle", &["-"]),
    ("check 127.0.0.1:1", "--concurrency", &["0", "-1", "some", "", "99999999999", "-"]),
    ("check 127.0.0.1:1", "--idle-timeout", &["0s", "-1s", "7", "1day", "NaN", "", "-"]),
    ("check 127.0.0.1:1", "--write-timeout", &["0s", "-1s", "7", "1day"]),
    ("check 127.0.0.1:1", "--progress-timeout", &["0s", "-1s", "7", "1day"]),
    ("check 127.0.0.1:1", "--drain-timeout", &["2s", "0s", "-1s"]),
    ("check 127.0.0.1:1", "--service", &["all", "", "-"]),
    ("check prime-queue", "--service", &["primes"]),
    ("check prime-queue", "--framing", &["read", "word", "-"]),
    ("check mio", "--framing", &["line", "read"]),
    ("check 127.0.0.1:1", "--framing", &["line", "read"]),
    ("faults prime-inline", "--framing", &["read", "word", "-"]),
    ("check", "--list", &["--fail-fast", "--json"]),
    ("faults mio", "--sample", &["0", "-1", "65536", "NaN", "", "-"]),
    ("faults mio", "--only", &["fork", "", "accept4,", "-"]),
    ("faults mio", "--pairs", &["-1", "100001", "NaN", "", "-"]),
    ("faults mio", "--lasting", &["0s", "-1s", "1h", "7", "", "-"]),
    ("faults mio", "--seed", &["-1", "", "-"]),
    ("scorecard", "--service", &["all", "", "-"]),
    ("scorecard mio", "--service", &["primes"]),
    ("scorecard", "--json", &["--markdown"]),
    ("scorecard mio", "--columns", &["--json"]),
    ("soak mio", "--minutes", &["0", "-1", "1441", "1.5", "NaN", "", "-"]),
    ("soak mio", "--seed", &["-1", "", "-"]),
    ("cache", "--addr", &["", "-", "nowhere", "127.0.0.1", "127.0.0.1:99999"]),
    ("cache", "--latency", &["-1ms", "5", "61s", "soon", "", "-"]),
    ("cache", "--jitter", &["6ms", "-1ms", "1", "NaN", "", "-"]),
    ("cache", "--memory", &["0", "-1", "65537", "1.5", "", "-"]),
    ("cache", "--max-conns", &["0", "-1", "many", "", "-"]),
    ("cache", "--drain-timeout", &["0s", "-1s", "off", "31days", "-"]),
    ("cache", "--log-format", &["xml", "-"]),
    ("threads 5", "--hold", &["fibre", "-"]),
    ("audit", "--only", &["nonsense", "", "-"]),
    ("audit", "--models", &["mioo", "", "floor-epoll", "-"]),
    ("audit", "--out", &["-"]),
];

/// Whole command lines, and what the message must contain.
const LINES: &[(&str, &str)] = &[
    ("", "Usage"),
    ("nonsense", "unrecognized subcommand"),
    ("--nonsense", "unexpected argument '--nonsense'"),
    ("serve", "<MODEL>"),
    ("serve mioo", "mio"),
    ("client --nonsense", "unexpected argument '--nonsense'"),
    ("client one two three", "unexpected argument 'three'"),
    ("diff", "<MODEL>"),
    ("diff mioo", "mio"),
    ("diff mio mioo", "mio"),
    ("diff mio mio", "mio is given twice"),
    ("diff sequential", "give a second one"),
    ("check 127.0.0.1", "there is no port"),
    ("timeline 127.0.0.1", "there is no port"),
    ("timeline mio 127.0.0.1:1 mio", "mio is given twice"),
    ("timeline mioo", "Did you mean 'mio'?"),
    ("trace", "<BUFFER>"),
    ("trace ^a$ --jsonn", "--json"),
    ("trace ^a$ --seed 7", "--seed"),
    ("check", "MODEL|ADDR"),
    ("check floor-epoll", "raw echo"),
    ("faults", "<MODEL>"),
    ("scorecard mioo", "mio"),
    ("scorecard floor-epoll", "possible values"),
    ("scorecard mio mio", "mio is given twice"),
    ("soak 127.0.0.1:1", "possible values"),
    ("cache 127.0.0.1:1", "unexpected argument '127.0.0.1:1'"),
    ("threads", "<N>"),
    ("threads 0", "whole number from 1 to"),
    ("threads -1", "whole number from 1 to"),
    ("threads 1.5", "whole number from 1 to"),
    ("threads 99999999999", "whole number from 1 to"),
    ("threads 100001", "whole number from 1 to"),
    ("threads 5 6", "unexpected argument '6'"),
    ("completions nosh", "possible values"),
    ("exercise 0", "the exercises have the numbers 1 to 10"),
    ("exercise 11", "the exercises have the numbers 1 to 10"),
    ("exercise -1", "the exercises have the numbers 1 to 10"),
    ("exercise two", "the exercises have the numbers 1 to 10"),
    ("exercise 1 2", "unexpected argument '2'"),
    ("exercise 1 --hint=2", "--hint"),
    ("audit nonsense", "unexpected argument 'nonsense'"),
];

/// The exit code and the message.
fn ran(arguments: &[&str]) -> (Option<i32>, String) {
    let output = ended(Command::new(LAUNCHER).args(arguments));
    assert!(output.stdout.is_empty(), "{arguments:?} printed something: {output:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_wrong_value_exits_with_2_and_names_the_option() {
    for (command, option, values) in WRONG {
        for value in *values {
            let mut arguments: Vec<&str> = command.split(' ').collect();
            let with_value = format!("{option}{value}");
            match *value {
                "-" => arguments.push(option),
                value if value.starts_with('=') => arguments.push(&with_value),
                value => arguments.extend([*option, value]),
            }
            let (code, message) = ran(&arguments);
            assert_eq!(code, Some(2), "{arguments:?}: {message}");
            assert!(message.contains(option), "{arguments:?}: {message}");
        }
    }
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_what_is_wrong() {
    for (line, shown) in LINES {
        let (code, message) = ran(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(code, Some(2), "{line}: {message}");
        assert!(message.contains(shown), "{line}: {message}");
    }
}

/// What checks documents asks so whether a command in one of them can be typed.
#[test]
fn a_command_that_is_only_parsed_is_not_run() {
    for (arguments, code) in [
        ("timeline --svg /nowhere/x.svg mio", 0),
        ("serve mio --addr 127.0.0.1:1", 0),
        ("serve mio --wrokers 2", 2),
        ("srve mio", 2),
        ("", 2),
    ] {
        let output =
            Command::new(LAUNCHER).arg("--parse-only").args(arguments.split_whitespace()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty() == (code == 0), "{arguments}");
    }
    let help = Command::new(LAUNCHER).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("parse-only"));
}
