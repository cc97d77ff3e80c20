//! Single attempts to read and write a non-blocking socket, and waiting for readiness.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::connection::{Client, cause};
use crate::failure::Failure;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In order: everything that the server sent has arrived.
    Fin,
    /// By a reset: bytes in flight are lost.
    Reset,
}

/// The result of one attempt to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Bytes(usize),
    End(Ending),
    NothingYet,
}

/// The result of one attempt to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Bytes(usize),
    NoRoom,
    /// The server has dropped the connection.
    Broken,
}

impl Client {
    /// Reads what has arrived, without waiting.
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> Result<Incoming, Failure> {
        loop {
            return match self.stream.read(buffer) {
                Ok(0) if self.reset => Ok(Incoming::End(Ending::Reset)),
                Ok(0) => Ok(Incoming::End(Ending::Fin)),
                Ok(count) => Ok(Incoming::Bytes(count)),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::WouldBlock => Ok(Incoming::NothingYet),
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                        self.reset = true;
                        Ok(Incoming::End(Ending::Reset))
                    }
                    _ => Err(Failure::new("read", "bytes or the end", cause(&error))),
                },
            };
        }
    }

    /// Sends as much as there is room for, without waiting.
    pub(crate) fn send_now(&mut self, bytes: &[u8]) -> Result<Outgoing, Failure> {
        loop {
            return match self.stream.write(bytes) {
                Ok(sent) => Ok(Outgoing::Bytes(sent)),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::WouldBlock => Ok(Outgoing::NoRoom),
                    // A reset after a FIN: everything that the server sent before the FIN has arrived.
                    ErrorKind::BrokenPipe => Ok(Outgoing::Broken),
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                        self.reset = true;
                        Ok(Outgoing::Broken)
                    }
                    _ => Err(Failure::new("send", "the server to take bytes", cause(&error))),
                },
            };
        }
    }

    /// Reads what has arrived, waiting for it up to the client's patience.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Incoming, Failure> {
        if self.wait(PollFlags::IN, self.patience())? {
            self.read_now(buffer)
        } else {
            Ok(Incoming::NothingYet)
        }
    }

    /// Whether the connection is closed in both directions, without reading.
    pub(crate) fn is_broken(&self) -> Result<bool, Failure> {
        let closed = PollFlags::ERR | PollFlags::HUP;
        let mut sockets = [PollFd::new(&self.stream, PollFlags::empty())];
        poll_once(&mut sockets, Duration::ZERO)?;
        Ok(sockets[0].revents().intersects(closed))
    }

    /// Whether bytes or the end of the stream have arrived, without reading.
    pub(crate) fn is_readable(&self, within: Duration) -> Result<bool, Failure> {
        self.wait(PollFlags::IN, within)
    }

    /// Waits for readiness of one of these kinds (an error or the end counts, too), or until the time is over.
    pub(crate) fn wait(&self, interest: PollFlags, within: Duration) -> Result<bool, Failure> {
        Ok(poll_once(&mut [PollFd::new(&self.stream, interest)], within)? > 0)
    }

    /// Waits until bytes or the end of the stream have arrived for one of these clients, whichever it is.
    pub(crate) fn any_is_readable(clients: &[Client], within: Duration) -> Result<bool, Failure> {
        let streams = clients.iter().map(|client| &client.stream);
        let mut sockets: Vec<PollFd<'_>> = streams.map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
        Ok(poll_once(&mut sockets, within)? > 0)
    }
}

/// Polls sockets, retrying an interrupted poll, and returns how many are ready.
fn poll_once(sockets: &mut [PollFd<'_>], within: Duration) -> Result<usize, Failure> {
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(sockets, Some(&timeout)) {
            Ok(ready) => return Ok(ready),
            Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::new("poll", "to succeed", error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;

    use super::*;
    use crate::client::connection::Buffers;

    #[test]
    fn a_reset_that_a_send_reports_first_is_still_read_as_a_reset() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let patience = Duration::from_secs(60);
        let mut client =
            Client::connect(listener.local_addr().unwrap(), patience, Buffers::default()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        assert!(client.wait(PollFlags::IN, patience).unwrap());
        assert_eq!(client.send_now(b"^").unwrap(), Outgoing::Broken);
        assert_eq!(client.read_now(&mut [0]).unwrap(), Incoming::End(Ending::Reset));
    }
}
