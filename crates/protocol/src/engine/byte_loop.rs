//! Byte after byte: one loop for each state, so that no byte asks for the state.

use crate::bytes::{END, START};
use crate::session::State;

/// Answers the bytes from `read` on. The reply so far has `written` bytes, at most `read`; returns its length.
#[inline]
pub(super) fn transform(state: &mut State, buffer: &mut [u8], mut read: usize, mut written: usize) -> usize {
    while read < buffer.len() {
        match *state {
            State::WaitForMsg => {
                while read < buffer.len() {
                    let byte = buffer[read];
                    read += 1;
                    if byte == START {
                        *state = State::InMsg;
                        break;
                    }
                }
            }
            State::InMsg => {
                while read < buffer.len() {
                    let byte = buffer[read];
                    read += 1;
                    if byte == END {
                        *state = State::WaitForMsg;
                        break;
                    }
                    buffer[written] = byte.wrapping_add(1);
                    written += 1;
                }
            }
        }
    }
    written
}
