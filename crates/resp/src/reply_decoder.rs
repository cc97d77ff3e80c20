//! Replies out of a stream.

use alloc::vec::Vec;

use thiserror::Error;

use crate::bulk::Bulk;
use crate::line::{Broken, Line, take_byte};
use crate::number;
use crate::reply::Reply;

/// Arrays in each other, at most.
pub const MOST_DEPTH: usize = 8;

/// Why a stream is no replies. Nothing that follows can be understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ReplyError {
    /// No kind of value begins with this byte.
    #[error("a reply begins with '{}', which no kind of RESP2 value does", [*.0].escape_ascii())]
    Kind(u8),
    /// This byte stands where a line or a byte string must end.
    #[error("'{}' where \\r\\n must end a line or a byte string", [*.0].escape_ascii())]
    End(u8),
    /// Not a whole number in its usual spelling, or no length.
    #[error("a number or length in a reply is none")]
    Number,
    /// Larger than the limit of the decoder.
    #[error("the reply is larger than allowed")]
    Long,
    /// Arrays in arrays, more than [`MOST_DEPTH`].
    #[error("arrays in a reply are nested too deeply")]
    Deep,
}

/// Takes replies out of a stream that is cut anywhere.
#[derive(Clone, Debug)]
pub struct ReplyDecoder {
    most: usize,
    /// What may still come of this reply.
    left: usize,
    line: Line,
    state: State,
    /// Arrays that have begun, the outermost first.
    open: Vec<Open>,
    failed: Option<ReplyError>,
}

#[derive(Clone, Debug)]
enum State {
    /// The next byte says what kind of value it is.
    Kind,
    /// The line of a value of this kind.
    Line(u8),
    Bulk(Bulk),
}

#[derive(Clone, Debug)]
struct Open {
    values: Vec<Reply>,
    missing: usize,
}

impl ReplyDecoder {
    /// A decoder of replies that are at most this large: their bytes, and `size_of::<Reply>()` for each value.
    #[must_use]
    pub const fn new(most: usize) -> ReplyDecoder {
        let line = Line::new();
        ReplyDecoder { most, left: most, line, state: State::Kind, open: Vec::new(), failed: None }
    }

    /// Takes bytes from the front of `input` until a reply is complete; `None` if more bytes are needed, and then all
    /// have been taken.
    ///
    /// # Errors
    /// The stream is no replies. From then on each call fails alike.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.read(input).inspect_err(|error| self.failed = Some(*error))
    }

    /// Whether a part of a reply has arrived: an end of the stream would cut it.
    #[must_use]
    pub fn is_within(&self) -> bool {
        !matches!(self.state, State::Kind) || !self.open.is_empty()
    }

    fn read(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        loop {
            let value = match &mut self.state {
                State::Kind => {
                    let Some(kind) = take_byte(input) else { return Ok(None) };
                    if !b"+-:$*".contains(&kind) {
                        return Err(ReplyError::Kind(kind));
                    }
                    self.pay(1, size_of::<Reply>())?;
                    self.state = State::Line(kind);
                    continue;
                }
                State::Line(kind) => {
                    let kind = *kind;
                    if !self.line.read(input, self.left)? {
                        return Ok(None);
                    }
                    self.state = State::Kind;
                    let Some(value) = self.begun(kind)? else { continue };
                    value
                }
                State::Bulk(bulk) => {
                    let Some(bytes) = bulk.read(input).map_err(ReplyError::End)? else { return Ok(None) };
                    self.state = State::Kind;
                    Reply::Bulk(bytes)
                }
            };
            if let Some(reply) = self.close(value) {
                self.left = self.most;
                return Ok(Some(reply));
            }
        }
    }

    /// A line has ended: the value, unless its bytes or elements follow.
    fn begun(&mut self, kind: u8) -> Result<Option<Reply>, ReplyError> {
        if matches!(kind, b'+' | b'-') {
            let line = self.line.take();
            self.pay(line.len(), 1)?;
            return Ok(Some(if kind == b'+' { Reply::Simple(line) } else { Reply::Error(line) }));
        }
        let number = number::parse(self.line.bytes()).ok_or(ReplyError::Number)?;
        self.line.clear();
        if kind == b':' {
            return Ok(Some(Reply::Integer(number)));
        }
        if number == -1 {
            return Ok(Some(if kind == b'$' { Reply::Nil } else { Reply::NilArray }));
        }
        let length = u64::try_from(number).map_err(|_| ReplyError::Number)?;
        let length = usize::try_from(length).map_err(|_| ReplyError::Long)?;
        if kind == b'$' {
            self.pay(length, 1)?;
            self.state = State::Bulk(Bulk::new(length));
        } else if length == 0 {
            return Ok(Some(Reply::Array(Vec::new())));
        } else if self.open.len() == MOST_DEPTH {
            return Err(ReplyError::Deep);
        } else if length > self.left / size_of::<Reply>() {
            return Err(ReplyError::Long);
        } else {
            self.open.push(Open { values: Vec::new(), missing: length });
        }
        Ok(None)
    }

    /// A value is complete: the reply, if that completes it.
    fn close(&mut self, mut value: Reply) -> Option<Reply> {
        while let Some(open) = self.open.last_mut() {
            open.values.push(value);
            open.missing -= 1;
            if open.missing > 0 {
                return None;
            }
            value = Reply::Array(self.open.pop()?.values);
        }
        Some(value)
    }

    fn pay(&mut self, count: usize, each: usize) -> Result<(), ReplyError> {
        let left = count.checked_mul(each).and_then(|cost| self.left.checked_sub(cost));
        self.left = left.ok_or(ReplyError::Long)?;
        Ok(())
    }
}

impl From<Broken> for ReplyError {
    fn from(broken: Broken) -> ReplyError {
        match broken {
            Broken::Long => ReplyError::Long,
            Broken::End(byte) => ReplyError::End(byte),
        }
    }
}
