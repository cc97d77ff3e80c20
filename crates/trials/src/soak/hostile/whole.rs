//! Clients that send everything, half-close, and compare the whole reply up to its end.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::Ordering;

use super::Visitor;
use crate::soak::behaviour::Behaviour;
use crate::soak::plan::PATIENCE;

/// Fits into the socket buffers of both ends, so that a client can write all of it before it reads.
const LONGEST_GARBAGE: usize = 32 << 10;
/// Each of them costs a packet.
const MOST_PIECES: usize = 128;
/// The most bytes of a line that is answered, and of one that is not.
const LONGEST_REQUEST: usize = 64;
const HUGE: usize = 256 << 10;

impl Visitor<'_> {
    pub(super) fn garbage(&mut self) -> io::Result<()> {
        let bytes = self.plan.dialect.garbage(&mut self.random, LONGEST_GARBAGE);
        self.converse(Behaviour::Garbage, &bytes, LONGEST_GARBAGE)
    }

    pub(super) fn pieces(&mut self) -> io::Result<()> {
        let bytes = self.plan.dialect.garbage(&mut self.random, MOST_PIECES);
        self.converse(Behaviour::Pieces, &bytes, 1)
    }

    pub(super) fn half_close(&mut self) -> io::Result<()> {
        let bytes = self.plan.dialect.unended(&mut self.random);
        self.converse(Behaviour::HalfClose, &bytes, bytes.len())
    }

    /// What comes before the line is answered; the rest is read, so that no reset destroys these answers.
    pub(super) fn huge_line(&mut self) -> io::Result<()> {
        let mut bytes = self.plan.dialect.unended(&mut self.random);
        bytes.push(b'\n');
        let expected = self.plan.dialect.conversation(&bytes);
        bytes.resize(bytes.len() + self.random.usize(LONGEST_REQUEST + 1..HUGE), b'1');
        self.expect(Behaviour::HugeLine, &bytes, bytes.len(), &expected)
    }

    /// Sends all in pieces of this length, half-closes, and expects what a correct server answers.
    fn converse(&self, behaviour: Behaviour, bytes: &[u8], piece: usize) -> io::Result<()> {
        self.expect(behaviour, bytes, piece, &self.plan.dialect.conversation(bytes))
    }

    /// Sends all in pieces of this length; exactly this must come back, then the end.
    fn expect(&self, behaviour: Behaviour, bytes: &[u8], piece: usize, expected: &[u8]) -> io::Result<()> {
        let mut stream = self.connect(behaviour)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        for part in bytes.chunks(piece) {
            stream.write_all(part)?;
        }
        stream.shutdown(Shutdown::Write)?;
        let mut got = Vec::with_capacity(expected.len() + 1);
        stream.take(expected.len() as u64 + 1).read_to_end(&mut got)?;
        if got != expected {
            let same = got.iter().zip(expected).take_while(|(one, other)| one == other).count();
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
