//! What a client asks.

use alloc::vec::Vec;

use thiserror::Error;

use crate::bulk::Bulk;
use crate::line::{Broken, Line};
use crate::reply::{append_bulk, append_length};
use crate::{inline, number};

/// The longest line of a command, in bytes: of one that is typed, or with a length. The same as in Redis.
pub const MOST_IN_A_LINE: usize = 64 << 10;

/// Appends a command as it is sent: its name, then its arguments.
pub fn append_command(arguments: &[&[u8]], bytes: &mut Vec<u8>) {
    append_length(b'*', arguments.len(), bytes);
    for argument in arguments {
        append_bulk(argument, bytes);
    }
}

/// Why a stream is no commands. Nothing that follows can be understood. The words are those of Redis.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// The number of arguments is none, or there are more than allowed.
    #[error("invalid multibulk length")]
    Count,
    /// The line with the number of arguments is longer than [`MOST_IN_A_LINE`].
    #[error("too big mbulk count string")]
    LongCount,
    /// An argument does not begin with its length.
    #[error("expected '$', got '{}'", char::from(*.0))]
    Kind(u8),
    /// The length of an argument is none, or larger than allowed.
    #[error("invalid bulk length")]
    Length,
    /// The line with the length of an argument is longer than [`MOST_IN_A_LINE`].
    #[error("too big bulk count string")]
    LongLength,
    /// A typed command is longer than [`MOST_IN_A_LINE`].
    #[error("too big inline request")]
    LongInline,
    /// In a typed command a quote is not closed, or something follows it at once.
    #[error("unbalanced quotes in request")]
    Quotes,
    /// This byte stands where a line or an argument must end. Redis does not look.
    #[error("expected CRLF, got '{}'", [*.0].escape_ascii())]
    End(u8),
}

/// Takes commands out of a stream that is cut anywhere. A command is its name and its arguments, at least one byte string.
///
/// A line that does not begin with `*` is a command as a person types it: words between spaces, in quotes if need be.
/// Commands without a word are left out.
#[derive(Clone, Debug)]
pub struct CommandDecoder {
    most: usize,
    /// What may still come of this command.
    left: usize,
    line: Line,
    state: State,
    arguments: Vec<Vec<u8>>,
    missing: usize,
    failed: Option<CommandError>,
}

#[derive(Clone, Debug)]
enum State {
    /// The next byte says whether the command was typed.
    Start,
    Typed,
    Count,
    Length,
    Bulk(Bulk),
}

impl CommandDecoder {
    /// A decoder of commands that are at most this large: their bytes, and `size_of::<Vec<u8>>()` for each argument.
    /// A typed command is bounded by its line.
    #[must_use]
    pub const fn new(most: usize) -> CommandDecoder {
        CommandDecoder {
            most,
            left: most,
            line: Line::new(),
            state: State::Start,
            arguments: Vec::new(),
            missing: 0,
            failed: None,
        }
    }

    /// Takes bytes from the front of `input` until a command is complete; `None` if more bytes are needed, and then all
    /// have been taken.
    ///
    /// # Errors
    /// The stream is no commands. From then on each call fails alike.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Vec<Vec<u8>>>, CommandError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.read(input).inspect_err(|error| self.failed = Some(*error))
    }

    fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<Vec<u8>>>, CommandError> {
        loop {
            match &mut self.state {
                State::Start => match input.first() {
                    None => return Ok(None),
                    Some(b'*') => {
                        *input = &input[1..];
                        self.state = State::Count;
                    }
                    Some(_) => self.state = State::Typed,
                },
                State::Typed => {
                    let end = self.line.read_typed(input, MOST_IN_A_LINE);
                    if !end.map_err(|_| CommandError::LongInline)? {
                        return Ok(None);
                    }
                    let words = inline::split(self.line.bytes()).ok_or(CommandError::Quotes)?;
                    self.line.clear();
                    self.state = State::Start;
                    if !words.is_empty() {
                        return Ok(Some(words));
                    }
                }
                State::Count => {
                    if !self.read_line(input, CommandError::LongCount)? {
                        return Ok(None);
                    }
                    self.begin()?;
                }
                State::Length => {
                    // The first byte is looked at before the line is complete.
                    let first = self.line.bytes().first().or(input.first());
                    if let Some(&other) = first.filter(|byte| **byte != b'$') {
                        return Err(CommandError::Kind(other));
                    }
                    if !self.read_line(input, CommandError::LongLength)? {
                        return Ok(None);
                    }
                    self.begin_argument()?;
                }
                State::Bulk(bulk) => {
                    let Some(argument) = bulk.read(input).map_err(CommandError::End)? else {
                        return Ok(None);
                    };
                    self.arguments.push(argument);
                    self.missing -= 1;
                    self.state = State::Length;
                    if self.missing == 0 {
                        self.state = State::Start;
                        return Ok(Some(core::mem::take(&mut self.arguments)));
                    }
                }
            }
        }
    }

    fn read_line(&mut self, input: &mut &[u8], long: CommandError) -> Result<bool, CommandError> {
        self.line.read(input, MOST_IN_A_LINE).map_err(|broken| match broken {
            Broken::Long => long,
            Broken::End(byte) => CommandError::End(byte),
        })
    }

    /// The number of arguments is there. A command without any is skipped, as Redis does.
    fn begin(&mut self) -> Result<(), CommandError> {
        let count = number::parse(self.line.bytes()).ok_or(CommandError::Count)?;
        self.line.clear();
        if count <= 0 {
            self.state = State::Start;
            return Ok(());
        }
        let cost = usize::try_from(count).ok().and_then(|count| count.checked_mul(size_of::<Vec<u8>>()));
        let left = cost.and_then(|cost| self.most.checked_sub(cost));
        self.left = left.ok_or(CommandError::Count)?;
        self.missing = usize::try_from(count).map_err(|_| CommandError::Count)?;
        self.state = State::Length;
        Ok(())
    }

    /// The length of an argument is there, behind a `$`.
    fn begin_argument(&mut self) -> Result<(), CommandError> {
        let length = number::parse(&self.line.bytes()[1..]).and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or(CommandError::Length)?;
        self.left = self.left.checked_sub(length).ok_or(CommandError::Length)?;
        self.line.clear();
        self.state = State::Bulk(Bulk::new(length));
        Ok(())
    }
}
