//! Single attempts on a socket that never blocks, and waiting until the next one is worth it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::case::Failure;
use crate::client::Client;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In order: all that the server sent has arrived.
    Fin,
    /// By a reset: what was on its way is lost.
    Reset,
}

/// What one attempt to read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Bytes(usize),
    End(Ending),
    NothingYet,
}

/// What one attempt to write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Bytes(usize),
    NoRoom,
    /// The server has dropped the connection.
    Broken,
}

impl Client {
    /// Reads what has come, without waiting.
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
                    _ => Err(Failure::new("read", "bytes or the end", blame(&error))),
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
                    // A reset behind a FIN: what the server sent before the FIN has all arrived.
                    ErrorKind::BrokenPipe => Ok(Outgoing::Broken),
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                        self.reset = true;
                        Ok(Outgoing::Broken)
                    }
                    _ => Err(Failure::new("send", "the server to take bytes", blame(&error))),
                },
            };
        }
    }

    /// Whether the connection is gone in both directions; told without reading.
    pub(crate) fn is_broken(&self) -> Result<bool, Failure> {
        let gone = PollFlags::ERR | PollFlags::HUP;
        Ok(poll_once(&self.stream, PollFlags::empty(), Duration::ZERO)?.intersects(gone))
    }

    /// Whether bytes or the end of the stream have come; told without reading.
    pub(crate) fn has_something_to_read(&self, within: Duration) -> Result<bool, Failure> {
        self.wait(PollFlags::IN, within)
    }

    /// Waits until one of these can be done (an error or the end counts as such), or the time is over.
    pub(crate) fn wait(&self, interest: PollFlags, within: Duration) -> Result<bool, Failure> {
        Ok(!poll_once(&self.stream, interest, within)?.is_empty())
    }
}

/// Polls one socket, taking up an interrupted poll again, and returns what it is ready for.
fn poll_once(stream: &TcpStream, interest: PollFlags, within: Duration) -> Result<PollFlags, Failure> {
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let mut sockets = [PollFd::new(stream, interest)];
        match poll(&mut sockets, Some(&timeout)) {
            Ok(_) => return Ok(sockets[0].revents()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::new("poll", "to succeed", error.to_string())),
        }
    }
}

/// An error in words, and whose it is: some mean that the client has come to its own limits.
pub(super) fn blame(error: &io::Error) -> String {
    let exhausted = matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL)
    );
    let whose =
        if exhausted { " (the checking client ran out of descriptors or ports, not the server)" } else { "" };
    format!("{error}{whose}")
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;

    use super::*;
    use crate::client::Buffers;

    #[test]
    fn only_limits_of_this_process_are_its_own_fault() {
        for own in [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL] {
            assert!(blame(&own.into()).contains("not the server"), "{own:?}");
        }
        for servers in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::TIMEDOUT, Errno::PIPE] {
            assert!(!blame(&servers.into()).contains("not the server"), "{servers:?}");
        }
    }

    #[test]
    fn a_reset_stays_a_reset_when_a_send_is_the_first_to_meet_it() {
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
