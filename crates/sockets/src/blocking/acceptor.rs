//! A blocking accept that a shutdown can wake.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use chassis::{AcceptPolicy, AcceptStep, Shutdown};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::wait::judge_wait;

/// Accepts one client after the other until shutdown is requested.
///
/// The listener is non-blocking: it is asked first, and only when nobody waits does the thread sleep, in a
/// `poll` that watches the listener and the shutdown together. In a burst that is one call per client.
#[derive(Debug)]
pub struct Acceptor<'shutdown> {
    listener: TcpListener,
    shutdown: &'shutdown Shutdown,
    policy: AcceptPolicy,
}

impl<'shutdown> Acceptor<'shutdown> {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, shutdown: &'shutdown Shutdown) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Acceptor { listener, shutdown, policy: AcceptPolicy::new() })
    }

    /// The next client, or `None` once shutdown is requested.
    ///
    /// # Errors
    /// The listener itself is broken; every other failure is waited out (see [`AcceptPolicy`]). The
    /// server is then asked to shut down, so that the connections it has are drained.
    pub fn next_client(&mut self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        self.try_next_client().inspect_err(|_| self.shutdown.request())
    }

    fn try_next_client(&mut self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        while !self.shutdown.is_requested() {
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    self.policy.succeeded();
                    return Ok(Some((stream, peer)));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait => wait_readable(&[self.shutdown.as_fd(), self.listener.as_fd()], None)?,
                    AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => wait_readable(&[self.shutdown.as_fd()], Some(pause))?,
                },
            }
        }
        Ok(None)
    }
}

/// Sleeps until one of the descriptors is readable, a signal arrives or the time is over.
pub(crate) fn wait_readable(descriptors: &[BorrowedFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|descriptor| PollFd::new(descriptor, PollFlags::IN)).collect();
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) => Ok(()),
        Err(errno) => judge_wait(errno),
    }
}
