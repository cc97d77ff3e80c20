//! The specification in its most obvious form: the whole stream at once, and words instead of numbers of bytes.

use prime::{Framing, Request, Requests, Test};

/// The requests in a stream of lines; `has_ended` says whether more may come.
pub(crate) fn requests(stream: &[u8], has_ended: bool) -> Vec<Request> {
    let mut lines: Vec<&[u8]> = stream.split(|&byte| byte == b'\n').collect();
    let unfinished = lines.pop().unwrap_or_default();
    if has_ended && !unfinished.is_empty() || unfinished.len() > 64 {
        lines.push(unfinished);
    }
    let whole = lines.iter().position(|line| line.len() > 64);
    let mut requests: Vec<Request> = lines[..whole.unwrap_or(lines.len())]
        .iter()
        .map(|line| request(line.strip_suffix(b"\r").unwrap_or(line)))
        .collect();
    requests.extend(whole.map(|_| Request::TooLong));
    requests
}

/// What these bytes ask for, without what has ended them.
pub(crate) fn request(text: &[u8]) -> Request {
    let number = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() <= 20 && text.chars().all(|letter| "0123456789".contains(letter)))
        .and_then(|digits| digits.parse::<u64>().ok());
    number.map_or(Request::Nonsense, |number| Request::Number(Test::new(number)))
}

/// Receives the pieces one by one, and takes all requests after each; then the stream ends. Returns the requests of each
/// step, the last step being the end. As a conversation does, it takes nothing more after a line that is too long.
pub(crate) fn taken(pieces: &[&[u8]]) -> Vec<Vec<Request>> {
    let mut requests = Requests::new(Framing::Line);
    let mut steps: Vec<Vec<Request>> = Vec::new();
    for step in 0..=pieces.len() {
        let is_refused = steps.last().and_then(|step| step.last()) == Some(&Request::TooLong);
        if is_refused {
            break;
        }
        match pieces.get(step) {
            Some(piece) => requests.receive(piece),
            None => requests.end(),
        }
        steps.push(std::iter::from_fn(|| requests.take_next()).collect());
    }
    steps
}

/// After each piece exactly the requests of the stream so far have been taken.
pub(crate) fn check(pieces: &[&[u8]]) {
    let stream = pieces.concat();
    let (mut so_far, mut taken_so_far) = (0, Vec::new());
    for (step, taken) in taken(pieces).into_iter().enumerate() {
        so_far += pieces.get(step).map_or(0, |piece| piece.len());
        taken_so_far.extend(taken);
        let expected = requests(&stream[..so_far], step == pieces.len());
        assert_eq!(taken_so_far, expected, "after {} in {pieces:?}", stream[..so_far].escape_ascii());
    }
}

/// By asking all smaller numbers.
pub(crate) fn is_prime(number: u64) -> bool {
    number > 1 && (2..number).all(|smaller| !number.is_multiple_of(smaller))
}
