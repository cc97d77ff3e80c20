//! The command from its arguments to its last line.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
    let words = ["trace"].iter().chain(words);
    Command::try_parse_from(words).map(|command| command.arguments)
}

/// The table as printed where the output is not a terminal.
fn table(words: &[&str]) -> String {
    let trace = Trace::of(&parse(words).unwrap().buffers);
    anstream::adapter::strip_str(&table::draw(&trace)).to_string()
}

#[test]
fn the_worked_example_ends_with_its_whole_reply() {
    let table = table(&["^abc$de^abte$f", "xyz^123", "25$^ab$abab"]);
    assert!(table.ends_with("\nreply  bcdbcuf23436bc\n"), "{table}");
    // A heading and a header for each of the three reads, and a row for each of their bytes.
    assert_eq!(table.lines().filter(|line| line.starts_with("  ")).count(), 3 + 14 + 7 + 11);
}

#[test]
fn rows_are_aligned_and_show_byte_state_output_and_next() {
    assert_eq!(
        table(&[r"^\xff #$"]),
        r"read 1  ^\xff #$
  byte        state       output      next
  ^     5e    WaitForMsg  -           InMsg
  \xff  ff    InMsg       \0    00    InMsg
  ' '   20    InMsg       !     21    InMsg
  #     23    InMsg       $     24    InMsg
  $     24    InMsg       -           WaitForMsg

reply  \0!$
"
    );
}

#[test]
fn an_empty_read_is_shown_as_empty() {
    assert_eq!(table(&[""]), "read 1  \n  (no bytes)\n\nreply  \n");
}

#[test]
fn json_has_every_transition_in_numbers_and_text() {
    let trace = Trace::of(&parse(&["--json", "^a", r"\n$"]).unwrap().buffers);
    let json: serde_json::Value = serde_json::from_str(&trace.to_json().unwrap()).unwrap();
    assert_eq!(json["buffers"][1]["text"], r"\n$");
    assert_eq!(
        json["buffers"][1]["transitions"][0],
        serde_json::json!({
            "state": "InMsg", "byte": 10, "text": r"\n", "output": 11, "output_text": r"\x0b", "next": "InMsg",
        })
    );
    assert_eq!(json["buffers"][1]["transitions"][1]["output"], serde_json::Value::Null);
    assert_eq!(json["reply"], serde_json::json!({ "bytes": [98, 11], "text": r"b\x0b" }));
}

#[test]
fn options_are_options_wherever_they_stand_and_buffers_with_a_dash_follow_two_dashes() {
    let bytes = |words: &[&str]| -> Vec<Vec<u8>> {
        parse(words).unwrap().buffers.into_iter().map(|buffer| buffer.bytes).collect()
    };
    for words in [["--json", "^a$"], ["^a$", "--json"]] {
        assert!(parse(&words).unwrap().json, "{words:?}");
        assert_eq!(bytes(&words), [b"^a$".to_vec()], "{words:?}");
    }
    assert_eq!(bytes(&["--", "--json", "-^a$"]), [b"--json".to_vec(), b"-^a$".to_vec()]);
    for words in [&["-^a$"][..], &["^a$", "--x"]] {
        let error = parse(words).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{words:?}");
        assert!(error.to_string().contains("use '-- -"), "{error}");
    }
    assert!(parse(&[]).is_err(), "a trace of nothing is a mistake");
}

#[test]
fn bad_escapes_are_wrong_arguments() {
    let error = parse(&[r"\q"]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains(r"\q is not an escape"), "{error}");
}
