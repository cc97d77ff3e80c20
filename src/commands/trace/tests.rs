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

/// What a learner sees who types these lines: the questions, verdicts and rows, without colours.
fn dialog(rounds: &[Vec<Buffer>], typed: &str) -> Result<String> {
    let mut shown = Vec::new();
    let input = Input { is_echoed: false, lines: typed.as_bytes() };
    predict::ask(rounds, input, &mut shown)?;
    Ok(anstream::adapter::strip_str(&String::from_utf8(shown)?).to_string())
}

fn reads(reads: &[&str]) -> Vec<Buffer> {
    reads.iter().map(|read| read.parse().unwrap()).collect()
}

#[test]
fn a_prediction_is_called_right_or_wrong_and_the_rows_show_why() {
    let shown = dialog(&[reads(&["^a", r"\xff", "$b"])], "b\n b \n\n").unwrap();
    let (_, shown) = shown.split_once("\nconnection 1 of 1\n").unwrap();
    assert_eq!(
        shown,
        r"
read 1  ^a
reply?  b
right
  byte        state       output      next
  ^     5e    WaitForMsg  -           InMsg
  a     61    InMsg       b     62    InMsg

read 2  \xff
reply?  b
wrong, it is  \0
  byte        state       output      next
  \xff  ff    InMsg       \0    00    InMsg

read 3  $b
reply?  
right
  byte        state       output      next
  $     24    InMsg       -           WaitForMsg
  b     62    WaitForMsg  -           WaitForMsg

2 of 3 right
"
    );
}

#[test]
fn the_end_of_the_input_ends_the_questions_and_no_answer_is_given_away() {
    let shown = dialog(&[reads(&["^a", "b$"]), reads(&["x"])], "b").unwrap();
    assert!(shown.ends_with("\nread 2  b$\nreply?  \n\n1 of 1 right, 2 not asked\n"), "{shown}");
    let shown = dialog(&[reads(&["^a"])], "").unwrap();
    assert!(shown.ends_with("\nread 1  ^a\nreply?  \n\n0 of 0 right, 1 not asked\n"), "{shown}");
}

#[test]
fn a_line_that_is_no_prediction_is_asked_for_again() {
    let shown = dialog(&[reads(&["^a"])], "\\q\nb\n").unwrap();
    assert!(shown.contains(r"\q is not an escape"), "{shown}");
    assert!(shown.ends_with("\n1 of 1 right\n"), "{shown}");
}

#[test]
fn a_line_without_an_end_is_refused_and_not_kept() {
    let error = dialog(&[reads(&["^a"])], &"b".repeat(3 << 20)).unwrap_err();
    assert!(error.to_string().contains("a line of standard input is longer than 1048576 bytes"), "{error}");
}

#[test]
fn the_same_seed_asks_for_the_same_and_another_one_does_not() {
    let texts = |seed, rounds| -> Vec<Vec<String>> {
        let rounds = random::rounds(seed, rounds);
        rounds.iter().map(|reads| reads.iter().map(ToString::to_string).collect()).collect()
    };
    // As on a teacher's page: with another generator, pages and lessons must change, too.
    assert_eq!(texts(7, 2), [["1d^^", "]$", "^]9z7"], ["^z", "]$", "tb^ze"]]);
    assert_eq!(texts(7, 20)[..2], texts(7, 2));
    assert_ne!(texts(8, 2), texts(7, 2));
}

#[test]
fn random_reads_are_short_and_have_a_frame_that_goes_on_in_the_next_read() {
    for reads in (0..50).flat_map(|seed| random::rounds(seed, 20)) {
        let trace = Trace::of(&reads);
        assert_eq!(trace.buffers.len(), 3);
        assert!(trace.buffers.iter().all(|read| (1..=18).contains(&read.transitions.len())), "{reads:?}");
        assert_eq!(trace.buffers[1].transitions[0].state, "InMsg", "{reads:?}");
        assert!((4..=8).contains(&trace.reply.bytes.len()), "{reads:?}");
    }
}

#[test]
fn predictions_are_for_random_reads_or_for_ones_own() {
    let predict = parse(&["--predict", "--seed", "7", "--rounds", "20"]).unwrap();
    assert_eq!((predict.seed, predict.rounds, predict.buffers.len()), (Some(7), 20, 0));
    assert_eq!(parse(&["--predict", "^a$"]).unwrap().buffers.len(), 1);
    for words in [
        &["--seed", "7", "^a$"][..],
        &["--predict", "--seed", "7", "^a$"],
        &["--predict", "--rounds", "2", "^a$"],
        &["--predict", "--rounds", "0"],
        &["--predict", "--json"],
        &["--table", "--predict"],
        &["--table", "^a$"],
    ] {
        assert!(parse(words).is_err(), "{words:?}");
    }
}

#[test]
fn the_whole_table_has_every_byte_in_every_state() {
    let table: serde_json::Value = serde_json::from_str(&states::to_json().unwrap()).unwrap();
    assert_eq!((&table["greeting"], &table["start"]), (&42.into(), &"WaitForMsg".into()));
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 512);
    for (row, (state, byte)) in rows.iter().zip(
        ["WaitForMsg", "InMsg"].into_iter().flat_map(|state| (0..=u8::MAX).map(move |byte| (state, byte))),
    ) {
        assert_eq!((&row["state"], &row["byte"]), (&state.into(), &byte.into()));
        // From the start, `^` leads into the second state.
        let reads = if state == "InMsg" { vec![b'^', byte] } else { vec![byte] };
        let trace = Trace::of(&[Buffer::from(reads)]);
        let last = trace.buffers[0].transitions.last().unwrap();
        assert_eq!(
            row,
            &serde_json::json!({
                "state": last.state, "byte": last.byte, "output": last.output, "next": last.next,
            })
        );
    }
}
