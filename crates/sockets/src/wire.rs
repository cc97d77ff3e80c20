//! The system calls of a connection. The loom tests in `interleavings` replace them by stand-ins.

use std::io;
use std::net::Shutdown as Direction;
pub(crate) use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

/// A stream socket, whatever owns it.
pub trait Wire: AsFd {
    /// One `recv`, which waits or not as the socket does.
    ///
    /// # Errors
    /// What the system says.
    fn recv(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        rustix::net::recv(self, buffer, RecvFlags::empty()).map(|(_, received)| received)
    }

    /// One `send`, which does not wait, even on a socket that blocks: with `SO_SNDTIMEO` the kernel returns what
    /// little it has sent when the time is over, so that a client that reads nothing gets the whole time again.
    ///
    /// # Errors
    /// What the system says.
    fn send(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        rustix::net::send(self, bytes, SEND_FLAGS)
    }

    /// Shuts one direction, or both. It fails only if the client has reset the connection, and then no FIN is needed.
    fn shut(&self, direction: Direction) {
        let _ = socket2::SockRef::from(&self.as_fd()).shutdown(direction);
    }
}

impl<T: AsFd> Wire for T {}

// Elsewhere the standard library has the signal ignored.
#[cfg(target_os = "linux")]
const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(not(target_os = "linux"))]
const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT;

/// Waits until the socket has room, a signal arrives or this time is over.
pub(crate) fn wait_for_room(stream: &TcpStream, within: Option<Duration>) -> io::Result<()> {
    let timeout = within.and_then(|within| Timespec::try_from(within).ok());
    match poll(&mut [PollFd::new(stream, PollFlags::OUT)], timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
