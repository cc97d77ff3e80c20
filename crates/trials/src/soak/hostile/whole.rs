//! Clients that send everything, half-close, and compare the whole reply up to its end.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::Ordering;

use protocol::{GREETING, Session};

use super::Visitor;
use crate::soak::behaviour::Behaviour;
use crate::soak::plan::PATIENCE;

/// Fits into the socket buffers of both ends, so that a client can write all of it before it reads.
const LONGEST_GARBAGE: usize = 32 << 10;
/// Each of them costs a packet.
const MOST_PIECES: usize = 128;

impl Visitor<'_> {
    pub(super) fn garbage(&mut self) -> io::Result<()> {
        let bytes = self.random_bytes(LONGEST_GARBAGE);
        self.converse(Behaviour::Garbage, &bytes, LONGEST_GARBAGE)
    }

    pub(super) fn pieces(&mut self) -> io::Result<()> {
        let bytes = self.random_bytes(MOST_PIECES);
        self.converse(Behaviour::Pieces, &bytes, 1)
    }

    pub(super) fn half_close(&mut self) -> io::Result<()> {
        let mut bytes = vec![b'^'];
        bytes.extend((0..self.random.usize(1..1000)).map(|_| self.random.alphanumeric() as u8));
        self.converse(Behaviour::HalfClose, &bytes, bytes.len())
    }

    /// At least one byte, the first of which opens a message.
    fn random_bytes(&mut self, longest: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.random.usize(1..longest)];
        self.random.fill(&mut bytes);
        for byte in &mut bytes {
            // Random bytes alone are rarely a delimiter.
            match self.random.u8(..) {
                0..8 => *byte = b'^',
                8..12 => *byte = b'$',
                _ => {}
            }
        }
        bytes[0] = b'^';
        bytes
    }

    /// Sends all in pieces of this length.
    fn converse(&self, behaviour: Behaviour, bytes: &[u8], piece: usize) -> io::Result<()> {
        let mut stream = self.connect(behaviour)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut expected = vec![GREETING];
        Session::new().append_reply(bytes, &mut expected);
        for part in bytes.chunks(piece) {
            stream.write_all(part)?;
        }
        stream.shutdown(Shutdown::Write)?;
        let mut got = Vec::with_capacity(expected.len() + 1);
        stream.take(expected.len() as u64 + 1).read_to_end(&mut got)?;
        if got != expected {
            let same = got.iter().zip(&expected).take_while(|(one, other)| one == other).count();
            return Err(io::Error::other(format!(
                "{} bytes instead of {}, and they differ from byte {same}",
                got.len(),
                expected.len()
            )));
        }
        self.tally.verified_bytes.fetch_add(got.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
