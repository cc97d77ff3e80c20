//! Requests of the prime service against a specification: any stream, split anywhere.

use prime::{Framing, LONGEST, MOST_AT_ONCE, Request, Requests, Verdict};

use crate::script::Script;

/// What a client is answered, as text, and what becomes of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answers {
    /// A number without its leading zeros, or `error`, for each request.
    requests: Vec<String>,
    is_refused: bool,
}

/// Feeds the input's stream piece by piece, and then its end.
///
/// # Panics
/// If after a piece the requests differ from the specification, or the verdict on a small number is wrong.
pub fn check(input: &[u8]) {
    let script = Script::from_bytes(input);
    let (mut lines, mut reads) = (Requests::new(Framing::Line), Requests::new(Framing::Read));
    let mut answers = Answers::default();
    let mut fed = 0;
    for piece in script.pieces().flat_map(|piece| piece.chunks(MOST_AT_ONCE)) {
        check_read(&mut reads, piece);
        if !answers.is_refused {
            lines.receive(piece);
            take_all(&mut lines, &mut answers);
            fed += piece.len();
            assert_eq!(answers, expected(&script.stream[..fed]), "{}", script.stream[..fed].escape_ascii());
        }
    }
    if !answers.is_refused {
        lines.end();
        take_all(&mut lines, &mut answers);
        // As if the last line had its newline.
        let is_amid = fed > 0 && script.stream[fed - 1] != b'\n';
        let stream = [script.stream, if is_amid { b"\n" } else { b"" }].concat();
        assert_eq!(answers, expected(&stream), "{}", stream.escape_ascii());
    }
}

fn take_all(requests: &mut Requests, answers: &mut Answers) {
    while let Some(request) = requests.take_next() {
        match request {
            Request::TooLong => answers.is_refused = true,
            other => answers.requests.push(as_text(other)),
        }
    }
}

/// The number or `error`. The test of a small number is made, too.
fn as_text(request: Request) -> String {
    let Request::Number(mut test) = request else { return "error".to_owned() };
    let number = test.number();
    if number < 5_000 {
        let is_prime = number > 1 && (2..number).all(|smaller| number % smaller > 0);
        let verdict = if is_prime { Verdict::Prime } else { Verdict::Composite };
        assert_eq!(test.go_on(), Some(verdict), "{number}");
    }
    number.to_string()
}

/// Everything that is answered of a stream that goes on.
fn expected(stream: &[u8]) -> Answers {
    let mut answers = Answers::default();
    for line in stream.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n");
        if text.unwrap_or(line).len() > LONGEST {
            answers.is_refused = true;
            break;
        }
        answers.requests.extend(text.map(|text| meaning(text.strip_suffix(b"\r").unwrap_or(text))));
    }
    answers
}

/// What these digits, or other bytes, mean.
fn meaning(text: &[u8]) -> String {
    let digits: String = text.iter().copied().map(char::from).filter(char::is_ascii_digit).collect();
    if digits.len() != text.len() || text.is_empty() || text.len() > 20 {
        return "error".to_owned();
    }
    let number = format!("{digits:0>20}");
    // Both have 20 digits, so that their order is that of the numbers.
    if number.as_str() > "18446744073709551615" {
        return "error".to_owned();
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() { "0".to_owned() } else { significant.to_owned() }
}

/// Each read is one request.
fn check_read(requests: &mut Requests, piece: &[u8]) {
    if piece.is_empty() {
        return;
    }
    requests.receive(piece);
    let request = requests.take_next().expect("a read is a request");
    let end = piece.iter().rposition(|byte| ![b'\r', b'\n'].contains(byte)).map_or(0, |last| last + 1);
    let expected = if piece.len() > LONGEST { "error".to_owned() } else { meaning(&piece[..end]) };
    assert_eq!(as_text(request), expected, "{}", piece.escape_ascii());
    assert_eq!(requests.take_next(), None, "one request for each read");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_itself_answers_plain_examples() {
        let requests = |stream: &[u8]| expected(stream).requests.join(" ");
        assert_eq!(requests(b"7\n10"), "7");
        assert_eq!(requests(b"007\r\n+7\n\n18446744073709551616\n0\n"), "7 error error error 0");
        assert!(expected(&[b'1'; 65]).is_refused && !expected(&[b'1'; 64]).is_refused);
    }
}
