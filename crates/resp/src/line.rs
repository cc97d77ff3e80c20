//! Lines that arrive in pieces.

use alloc::vec::Vec;

/// What a line is collected in, until its end has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    bytes: Vec<u8>,
    /// A carriage return has been read, and the newline is to follow.
    ends: bool,
}

/// Why the bytes are no line.
pub(crate) enum Broken {
    /// Longer than allowed.
    Long,
    /// This byte follows a carriage return, or is a newline without one.
    End(u8),
}

impl Line {
    pub(crate) const fn new() -> Line {
        Line { bytes: Vec::new(), ends: false }
    }

    /// Reads on until the end of the line, which is `\r\n`. Says whether it has arrived.
    pub(crate) fn read(&mut self, input: &mut &[u8], most: usize) -> Result<bool, Broken> {
        if !self.ends {
            let end = input.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, rest) = input.split_at(end.unwrap_or(input.len()));
            if self.bytes.len() + part.len() > most {
                return Err(Broken::Long);
            }
            self.bytes.extend_from_slice(part);
            *input = rest;
            match take_byte(input) {
                None => return Ok(false),
                Some(b'\r') => self.ends = true,
                Some(other) => return Err(Broken::End(other)),
            }
        }
        match take_byte(input) {
            None => Ok(false),
            Some(b'\n') => {
                self.ends = false;
                Ok(true)
            }
            Some(other) => Err(Broken::End(other)),
        }
    }

    /// Reads on until a newline; a carriage return before it belongs to the end, too. Says whether it has arrived.
    pub(crate) fn read_typed(&mut self, input: &mut &[u8], most: usize) -> Result<bool, Broken> {
        let end = input.iter().position(|&byte| byte == b'\n');
        let (part, rest) = input.split_at(end.unwrap_or(input.len()));
        if self.bytes.len() + part.len() > most {
            return Err(Broken::Long);
        }
        self.bytes.extend_from_slice(part);
        *input = rest;
        let has_ended = take_byte(input).is_some();
        if has_ended && self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        Ok(has_ended)
    }

    /// What stands before the end.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What stands before the end, to be kept; the next line begins.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    /// The next line begins, in the same memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }
}

pub(crate) fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = input.split_first()?;
    *input = rest;
    Some(byte)
}
