//! Taking requests out of bytes, however the network has cut them.

use alloc::vec::Vec;
use core::mem;

use crate::number;
use crate::test::Test;

/// What ends a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// A newline. The network may cut a line anywhere, and bring many at once.
    #[default]
    Line,
    /// What one read brings is one request: the series' own clients send digits and wait. If a client does not wait, its
    /// requests may merge.
    Read,
}

/// The most bytes of a request, its newline aside.
pub const LONGEST: usize = 64;

/// The most bytes to be [received](Requests::receive) at a time, so that with an unfinished line no more than 4 KiB are
/// kept.
pub const MOST_AT_ONCE: usize = 4096 - LONGEST;

/// The answer to [`Request::Nonsense`].
pub const ERROR: &[u8] = b"error\n";

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A number, to be tested.
    Number(Test),
    /// No number: the answer is [`ERROR`], and the client may go on.
    Nonsense,
    /// More than [`LONGEST`] bytes without a newline: there is no answer, and nothing more is taken from this client.
    TooLong,
}

/// The requests of one client. Between them it holds no memory.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    framing: Framing,
    /// What has come and was not taken yet: it begins with a request.
    kept: Vec<u8>,
    /// How much of it has been taken.
    taken: usize,
    /// The client sends no more: the last line may lack its newline.
    has_ended: bool,
}

impl Requests {
    /// A client that has sent nothing yet.
    #[must_use]
    pub const fn new(framing: Framing) -> Requests {
        Requests { framing, kept: Vec::new(), taken: 0, has_ended: false }
    }

    /// Takes what a read has brought: at most [`MOST_AT_ONCE`] bytes, once no request is left to
    /// [take](Self::take_next).
    pub fn receive(&mut self, bytes: &[u8]) {
        debug_assert!(self.framing == Framing::Line || self.kept.is_empty(), "a request has not been taken");
        self.kept.extend_from_slice(bytes);
    }

    /// The client has closed its side. A line that it has begun counts as ended.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// The next request; `None` if there is no whole one.
    pub fn take_next(&mut self) -> Option<Request> {
        let rest = &self.kept[self.taken..];
        let next = match self.framing {
            Framing::Line => next_line(rest, self.has_ended),
            Framing::Read => next_read(rest),
        };
        let Some((request, length)) = next else {
            // Only the beginning of a line is left.
            self.kept.drain(..mem::take(&mut self.taken));
            self.kept.shrink_to_fit();
            return None;
        };
        self.taken += length;
        if self.taken == self.kept.len() {
            (self.kept, self.taken) = (Vec::new(), 0);
        }
        Some(request)
    }

    /// Whether the client is in the middle of a line.
    #[must_use]
    pub fn is_amid(&self) -> bool {
        !self.kept.is_empty()
    }
}

/// The next line, and how many bytes it takes with its end.
fn next_line(rest: &[u8], has_ended: bool) -> Option<(Request, usize)> {
    let start = &rest[..rest.len().min(LONGEST + 1)];
    match start.iter().position(|&byte| byte == b'\n') {
        Some(length) => Some((request(without_return(&rest[..length])), length + 1)),
        None if start.len() > LONGEST => Some((Request::TooLong, rest.len())),
        None if has_ended && !rest.is_empty() => Some((request(without_return(rest)), rest.len())),
        None => None,
    }
}

fn next_read(rest: &[u8]) -> Option<(Request, usize)> {
    if rest.is_empty() {
        return None;
    }
    let newlines = rest.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let is_short = rest.len() <= LONGEST;
    let request = if is_short { request(&rest[..rest.len() - newlines]) } else { Request::Nonsense };
    Some((request, rest.len()))
}

fn request(text: &[u8]) -> Request {
    number::parse(text).map_or(Request::Nonsense, |number| Request::Number(Test::new(number)))
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
