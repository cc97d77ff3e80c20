//! What a server answers.

use alloc::format;
use alloc::vec::Vec;

/// A value of RESP2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`: a line without `\r` and `\n`.
    Simple(Vec<u8>),
    /// `-ERR …`: a line that says why a command was refused.
    Error(Vec<u8>),
    /// `:7`
    Integer(i64),
    /// `$5 prime`: any bytes.
    Bulk(Vec<u8>),
    /// `$-1`: no value, such as the answer to `GET` for a key that is not there.
    Nil,
    /// `*2 …`
    Array(Vec<Reply>),
    /// `*-1`: no array.
    NilArray,
}

impl Reply {
    /// A line, such as `OK`.
    #[must_use]
    pub fn simple(line: &str) -> Reply {
        Reply::Simple(line.as_bytes().to_vec())
    }

    /// A refusal. By convention its first word is a code in capitals.
    #[must_use]
    pub fn error(line: &str) -> Reply {
        Reply::Error(line.as_bytes().to_vec())
    }

    /// Any bytes.
    #[must_use]
    pub fn bulk(bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::Bulk(bytes.into())
    }

    /// Appends the reply as it is sent. A `\r` or `\n` in a line becomes a space, since it would end the line.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Reply::Simple(line) => append_line(b'+', line, bytes),
            Reply::Error(line) => append_line(b'-', line, bytes),
            Reply::Integer(number) => append_header(b':', *number, bytes),
            Reply::Bulk(value) => append_bulk(value, bytes),
            Reply::Nil => append_header(b'$', -1, bytes),
            Reply::NilArray => append_header(b'*', -1, bytes),
            Reply::Array(values) => {
                append_length(b'*', values.len(), bytes);
                for value in values {
                    value.append_to(bytes);
                }
            }
        }
    }
}

fn append_line(kind: u8, line: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(kind);
    bytes.extend(line.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    bytes.extend_from_slice(b"\r\n");
}

pub(crate) fn append_bulk(value: &[u8], bytes: &mut Vec<u8>) {
    append_length(b'$', value.len(), bytes);
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

pub(crate) fn append_length(kind: u8, length: usize, bytes: &mut Vec<u8>) {
    // No slice is longer than `isize::MAX`.
    append_header(kind, i64::try_from(length).unwrap_or(i64::MAX), bytes);
}

fn append_header(kind: u8, number: i64, bytes: &mut Vec<u8>) {
    bytes.push(kind);
    bytes.extend_from_slice(format!("{number}\r\n").as_bytes());
}
