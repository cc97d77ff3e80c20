//! The system calls of a blocking connection: the one place where the models in `interleavings` put a socket of
//! their own.

use std::io;
pub(crate) use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
pub(crate) use rustix::net::send;

/// Whether the socket became ready within this time; a signal counts as such.
pub(crate) fn wait_for(
    stream: &TcpStream,
    interest: PollFlags,
    within: Option<Duration>,
) -> io::Result<bool> {
    let timeout = within.and_then(|within| Timespec::try_from(within).ok());
    match poll(&mut [PollFd::new(stream, interest)], timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}
