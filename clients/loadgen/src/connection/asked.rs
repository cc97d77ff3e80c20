//! What is said on a connection of the prime service: a number on a line, and whether it is prime, each number its own.

use std::collections::VecDeque;

use super::Failure;
use crate::kind::question::Question;
use crate::outcome::ErrorKind;

/// What of a wrong answer is shown.
const SHOWN_BYTES: usize = 16;

/// Numbers that were asked, and the answers that are due for them.
#[derive(Debug, Default)]
pub(super) struct Asked<'run> {
    /// Bytes that are due and not yet written.
    pub(super) unsent: VecDeque<u8>,
    /// The lengths of the requests that are not fully written; of the first one, what is left.
    lengths: VecDeque<usize>,
    /// Questions without a complete answer, oldest first.
    due: VecDeque<&'run Question>,
    /// Bytes of the oldest answer that have arrived.
    position: usize,
    /// Answer bytes that have arrived in all.
    pub(super) received: u64,
}

impl<'run> Asked<'run> {
    pub(super) fn queue(&mut self, question: &'run Question) {
        self.unsent.extend(question.line());
        self.lengths.push_back(question.line().len());
        self.due.push_back(question);
    }

    /// Notes that so many of the first unsent bytes are written.
    pub(super) fn wrote(&mut self, mut bytes: usize) {
        self.unsent.drain(..bytes);
        while let Some(first) = self.lengths.front_mut().filter(|_| bytes > 0) {
            let written = bytes.min(*first);
            *first -= written;
            bytes -= written;
            if *first == 0 {
                self.lengths.pop_front();
            }
        }
    }

    /// Requests whose last byte is not written yet.
    pub(super) fn unwritten(&self) -> u64 {
        self.lengths.len() as u64
    }

    /// Whether every answer has arrived.
    pub(super) fn is_answered(&self) -> bool {
        self.due.is_empty()
    }

    /// Verifies what has arrived. Returns how many answers it completed.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<u64, Failure> {
        let (mut rest, mut answers) = (bytes, 0);
        while !rest.is_empty() {
            let Some(question) = self.due.front() else { return Err(extra(rest)) };
            let expected = &question.answer().answer()[self.position..];
            let length = rest.len().min(expected.len());
            if rest[..length] != expected[..length] {
                return Err(wrong(question, self.position, rest));
            }
            self.position += length;
            self.received += length as u64;
            rest = &rest[length..];
            if length == expected.len() {
                self.position = 0;
                self.due.pop_front();
                answers += 1;
            }
        }
        Ok(answers)
    }

    /// Whether the stream may end here.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let Some(question) = self.due.front() else { return Ok(()) };
        let detail = format!(
            "the stream ended with {} answers missing; the first is due for {}, after {} of its bytes",
            self.due.len(),
            question.number(),
            self.position
        );
        Err(Failure { kind: ErrorKind::MissingReply, detail })
    }
}

fn extra(bytes: &[u8]) -> Failure {
    let detail = format!("no answer was due, but more arrived: {}", shown(bytes));
    Failure { kind: ErrorKind::ExtraByte, detail }
}

fn wrong(question: &Question, position: usize, bytes: &[u8]) -> Failure {
    let expected = question.answer().answer();
    let after =
        if position == 0 { String::new() } else { format!(" after {}", shown(&expected[..position])) };
    let detail = format!(
        "the answer to {} must be {}, but {} arrived{after}",
        question.number(),
        shown(expected),
        shown(bytes)
    );
    Failure { kind: ErrorKind::WrongByte, detail }
}

fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii())
}

#[cfg(test)]
mod tests;
