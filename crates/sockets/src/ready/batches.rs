//! Accepting in batches. The last one takes all that the kernel holds, since closing the listener resets them.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use chassis::BACKLOG;

use super::Acceptor;

/// Clients accepted in one go before those that are connected get their turn again.
const BATCH: usize = 64;

/// The listener of a loop around a poller of changes, until the server drains.
#[derive(Debug)]
pub(crate) struct Batches {
    /// `None` after the last batch.
    acceptor: Option<Acceptor>,
    /// Whether the next batch is the last one.
    is_to_stop: bool,
    /// The error that ended the listener.
    ended: io::Result<()>,
}

impl Batches {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Batches> {
        Ok(Batches { acceptor: Some(Acceptor::new(listener)?), is_to_stop: false, ended: Ok(()) })
    }

    /// Whether the last batch has been taken.
    pub(crate) const fn are_over(&self) -> bool {
        self.acceptor.is_none()
    }

    /// As [`Acceptor::time_left`].
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.acceptor.as_ref().and_then(Acceptor::time_left)
    }

    /// The poller has reported the listener.
    pub(crate) fn clients_wait(&mut self) {
        self.acceptor.iter_mut().for_each(Acceptor::clients_wait);
    }

    /// The next batch is the last one.
    pub(crate) fn stop(&mut self) {
        self.is_to_stop = true;
        self.clients_wait();
    }

    /// Hands over the next clients: a bounded number, so that those that are connected need not wait. Returns whether this
    /// was the last batch, because the server is to stop or the listener is broken.
    pub(crate) fn take_next(&mut self, mut admit: impl FnMut(TcpStream)) -> bool {
        let most = if self.is_to_stop { BACKLOG.unsigned_abs() as usize } else { BATCH };
        for _ in 0..most {
            match self.acceptor.as_mut().map(Acceptor::next_client) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(stream))) => admit(stream),
                Some(Err(error)) => {
                    self.ended = Err(error);
                    self.is_to_stop = true;
                    break;
                }
            }
        }
        self.is_to_stop && self.acceptor.take().is_some()
    }

    /// What has ended the listener.
    ///
    /// # Errors
    /// It was broken.
    pub(crate) fn ended(self) -> io::Result<()> {
        self.ended
    }
}

/// The listener, to be registered with the poller; -1 after the last batch.
impl AsRawFd for Batches {
    fn as_raw_fd(&self) -> RawFd {
        self.acceptor.as_ref().map_or(-1, |acceptor| acceptor.as_fd().as_raw_fd())
    }
}
