//! Answers that are right however they are cut, and every way in which they can be wrong.

use super::*;

/// The answers to 7, 8, 9 and 11.
const NUMBERS: [u64; 4] = [7, 8, 9, 11];
const ANSWERS: &[u8] = b"prime\ncomposite\ncomposite\nprime\n";

fn questions() -> Vec<Question> {
    NUMBERS.map(Question::new).to_vec()
}

fn asked(questions: &[Question]) -> Asked<'_> {
    let mut asked = Asked::default();
    questions.iter().for_each(|question| asked.queue(question));
    asked
}

/// What becomes of these bytes, cut at every one, and of the end of the stream after them.
fn verdict(bytes: &[u8]) -> Result<u64, Failure> {
    let questions = questions();
    let mut asked = asked(&questions);
    let mut answers = 0;
    for byte in bytes {
        answers += asked.check(&[*byte])?;
    }
    asked.finish().map(|()| answers)
}

#[test]
fn right_answers_are_counted_wherever_they_are_cut() {
    let questions = questions();
    for first in 0..=ANSWERS.len() {
        for second in first..=ANSWERS.len() {
            let mut asked = asked(&questions);
            let parts = [&ANSWERS[..first], &ANSWERS[first..second], &ANSWERS[second..]];
            let answers: u64 = parts.into_iter().map(|part| asked.check(part).unwrap()).sum();
            assert_eq!((answers, asked.received), (4, ANSWERS.len() as u64), "cut at {first} and {second}");
            assert!(asked.is_answered());
            asked.finish().unwrap();
        }
    }
}

#[test]
fn any_other_byte_is_refused() {
    assert_eq!(verdict(ANSWERS).unwrap(), 4);
    for index in 0..ANSWERS.len() {
        let mut bytes = ANSWERS.to_vec();
        bytes[index] ^= 1;
        assert_eq!(verdict(&bytes).unwrap_err().kind, ErrorKind::WrongByte, "byte {index}");
    }
}

#[test]
fn wrong_swapped_missing_and_further_answers_are_refused_and_say_of_which_number() {
    for (bytes, kind, detail) in [
        // Another answer; an error; swapped; one left out; one given twice.
        (&b"prime\nprime\ncomposite\nprime\n"[..], ErrorKind::WrongByte, "the answer to 8"),
        (b"error\ncomposite\ncomposite\nprime\n", ErrorKind::WrongByte, "the answer to 7"),
        (b"composite\nprime\ncomposite\nprime\n", ErrorKind::WrongByte, "the answer to 7"),
        (b"prime\ncomposite\nprime\n", ErrorKind::WrongByte, "the answer to 9"),
        (b"prime\ncomposite\ncomposite\ncomposite\nprime\n", ErrorKind::WrongByte, "the answer to 11"),
        (b"prime\ncomposite\ncomposite\nprime\nprime\n", ErrorKind::ExtraByte, "no answer was due"),
        (
            b"prime\ncomposite\ncomposite\n",
            ErrorKind::MissingReply,
            "1 answers missing; the first is due for 11",
        ),
        (b"prime\ncomposite\ncomposite\nprim", ErrorKind::MissingReply, "due for 11, after 4 of its bytes"),
        (b"prime\r\ncomposite\ncomposite\nprime\n", ErrorKind::WrongByte, "the answer to 7"),
        (b"", ErrorKind::MissingReply, "4 answers missing"),
    ] {
        let failure = verdict(bytes).unwrap_err();
        assert_eq!(failure.kind, kind, "{}", failure.detail);
        assert!(failure.detail.contains(detail), "{}", failure.detail);
    }
}

#[test]
fn requests_count_as_written_with_their_last_byte() {
    let questions = [Question::new(7), Question::new(1_000_003)];
    let mut asked = asked(&questions);
    let mut unwritten = vec![asked.unwritten()];
    while !asked.unsent.is_empty() {
        asked.wrote(1);
        unwritten.push(asked.unwritten());
    }
    // "7\n" and "1000003\n".
    assert_eq!(unwritten, [2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
}
