//! The descriptor that wakes every thread that waits for a shutdown.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

/// Once rung, its descriptor stays readable for ever: it holds a byte that is never read.
#[derive(Debug)]
pub(crate) struct Bell {
    pub(crate) readable: UnixStream,
    pub(crate) writer: UnixStream,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Bell> {
        let (readable, writer) = UnixStream::pair()?;
        // A request must never block, however often it is repeated: one byte is enough.
        writer.set_nonblocking(true)?;
        Ok(Bell { readable, writer })
    }

    pub(crate) fn ring(&self) {
        // It fails only when bytes of earlier requests fill the socket, and then it is readable already.
        let _ = (&self.writer).write(&[1]);
    }
}
