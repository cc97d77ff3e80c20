//! Byte strings of a known length that arrive in pieces.

use alloc::vec::Vec;

use crate::line::take_byte;

/// Memory that is taken for what has only been announced.
const TRUSTED: usize = 4096;

/// A byte string, and how much of it is missing.
#[derive(Clone, Debug)]
pub(crate) struct Bulk {
    bytes: Vec<u8>,
    missing: usize,
    /// The carriage return behind the bytes has been read.
    ends: bool,
}

impl Bulk {
    /// A byte string of this length, of which nothing has arrived.
    pub(crate) fn new(length: usize) -> Bulk {
        Bulk { bytes: Vec::with_capacity(length.min(TRUSTED)), missing: length, ends: false }
    }

    /// Reads on; the bytes once they are there with the `\r\n` behind them.
    ///
    /// # Errors
    /// Another byte in place of the `\r` or `\n`.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, u8> {
        let (part, rest) = input.split_at(self.missing.min(input.len()));
        self.bytes.extend_from_slice(part);
        self.missing -= part.len();
        *input = rest;
        if self.missing > 0 {
            return Ok(None);
        }
        if !self.ends {
            match take_byte(input) {
                None => return Ok(None),
                Some(b'\r') => self.ends = true,
                Some(other) => return Err(other),
            }
        }
        match take_byte(input) {
            None => Ok(None),
            Some(b'\n') => Ok(Some(core::mem::take(&mut self.bytes))),
            Some(other) => Err(other),
        }
    }
}
