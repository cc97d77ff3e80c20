//! The client toolkit: one connection that can be well-behaved, slow, small or rude.
//!
//! The socket never blocks; every wait is a poll with a deadline, so that no case can hang. The end of
//! a stream is either a FIN (the server closed in order, nothing was lost) or a reset, and cases care
//! which of the two it was.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use protocol::GREETING;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, SockRef, Socket, Type};

use crate::case::Failure;

/// A connection to the server under test.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    patience: Duration,
    /// A reset has come. The kernel reports it once, to the call that is next, and then an end of stream.
    reset: bool,
}

/// How much room the client gives its stream; `None` leaves the system's default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buffers {
    /// Bytes of the receive buffer, as asked of the kernel (Linux doubles them).
    pub(crate) receive: Option<usize>,
    /// Bytes of the send buffer.
    pub(crate) send: Option<usize>,
    /// The longest segment that the server may send.
    pub(crate) segment: Option<u32>,
}

impl Buffers {
    /// A client that takes little before the server feels it. The segments are those of Ethernet: Linux
    /// makes the server's send buffer by their size, and on loopback, where they are large, it would take
    /// 3 MiB for each client that does not read.
    pub(crate) const SMALL: Buffers =
        Buffers { receive: Some(4 << 10), send: Some(64 << 10), segment: Some(1460) };
}

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
    /// Connects. Everything that is waited for on this connection is waited for at most `patience`.
    pub(crate) fn connect(
        address: SocketAddr,
        patience: Duration,
        buffers: Buffers,
    ) -> Result<Self, Failure> {
        let connect = || -> io::Result<TcpStream> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            if let Some(bytes) = buffers.receive {
                socket.set_recv_buffer_size(bytes)?; // before connecting: the window's scale depends on it
            }
            if let Some(bytes) = buffers.send {
                socket.set_send_buffer_size(bytes)?;
            }
            if let Some(bytes) = buffers.segment {
                socket.set_tcp_mss(bytes)?;
            }
            socket.connect_timeout(&address.into(), patience)?;
            socket.set_tcp_nodelay(true)?; // each send a segment of its own, as far as the kernel lets us
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        };
        let stream = connect()
            .map_err(|error| Failure::new("connect", format!("a connection to {address}"), blame(&error)))?;
        Ok(Client { stream, patience, reset: false })
    }

    /// Waits this much longer than usual from now on: for what a server does only after a timeout.
    pub(crate) fn wait_longer(&mut self, by: Duration) {
        self.patience += by;
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn expect_greeting(&mut self) -> Result<(), Failure> {
        self.expect_at("greeting", &[GREETING])
    }

    /// Sends all of `bytes`, which the server must take.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.send_now(rest)? {
                Outgoing::Bytes(sent) => rest = &rest[sent..],
                Outgoing::Broken => {
                    return Err(unsent(bytes.len(), rest.len(), "a connection that is dropped"));
                }
                Outgoing::NoRoom => {
                    if !self.wait(PollFlags::OUT, self.patience)? {
                        let got = format!("no room for {:?}", self.patience);
                        return Err(unsent(bytes.len(), rest.len(), &got));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads exactly as many bytes as `expected` holds and compares them as they arrive.
    pub(crate) fn expect(&mut self, expected: &[u8]) -> Result<(), Failure> {
        self.expect_at("reply", expected)
    }

    /// Sends `input` and expects this reply to it, before anything else is sent.
    pub(crate) fn ask(&mut self, input: &[u8], reply: &[u8]) -> Result<(), Failure> {
        self.send(input)?;
        self.expect_at(&format!("reply to {}", excerpt(input, 0)), reply)
    }

    /// Half-close: the client has no more to say, and still listens.
    pub(crate) fn finish_sending(&mut self) -> Result<(), Failure> {
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => {
                Err(Failure::new("half-close", "to shut down the sending side", blame(&error)))
            }
            _ => Ok(()), // not connected any more: the read that follows says how it ended
        }
    }

    /// Shuts down the receiving side; Linux tells the server nothing of it.
    pub(crate) fn stop_listening(&mut self) -> Result<(), Failure> {
        let shut = self.stream.shutdown(Shutdown::Read);
        shut.map_err(|error| Failure::new("shut down reading", "to succeed", blame(&error)))
    }

    /// Expects the stream to end here, in order and with no byte more.
    pub(crate) fn expect_fin(&mut self) -> Result<(), Failure> {
        self.expect_end().and_then(|ending| match ending {
            Ending::Fin => Ok(()),
            Ending::Reset => Err(Failure::new("end of stream", "a FIN", "a reset")),
        })
    }

    /// Expects the stream to end here, by a FIN or by a reset, with no byte more.
    pub(crate) fn expect_end(&mut self) -> Result<Ending, Failure> {
        let mut buffer = [0; 64];
        match self.read(&mut buffer)? {
            Incoming::End(ending) => Ok(ending),
            Incoming::Bytes(count) => {
                let got = format!("{} more", excerpt(&buffer[..count], 0));
                Err(Failure::new("end of stream", "nothing more, then the end", got))
            }
            Incoming::NothingYet => {
                Err(Failure::new("end of stream", "the end", format!("silence for {:?}", self.patience)))
            }
        }
    }

    /// Half-close, and the server ends the stream in order without another byte.
    pub(crate) fn expect_orderly_close(&mut self) -> Result<(), Failure> {
        self.finish_sending()?;
        self.expect_fin()
    }

    /// Ends the connection by a reset instead of a FIN.
    pub(crate) fn reset(self) {
        // If the option cannot be set the connection is already gone, which is what was wanted.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// The bare socket, to be handed to another process.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.stream.into()
    }

    /// Reads what has come, waiting for it as long as the patience lasts.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Incoming, Failure> {
        if self.wait(PollFlags::IN, self.patience)? {
            self.read_now(buffer)
        } else {
            Ok(Incoming::NothingYet)
        }
    }

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

    fn expect_at(&mut self, step: &str, expected: &[u8]) -> Result<(), Failure> {
        let mut got = Vec::with_capacity(expected.len());
        let fail = |got: &[u8], then: &str| {
            let from = first_difference(expected, got);
            Err(Failure::new(step, excerpt(expected, from), excerpt(got, from) + then))
        };
        let mut buffer = vec![0; expected.len().min(64 << 10)];
        while got.len() < expected.len() {
            let room = buffer.len().min(expected.len() - got.len());
            match self.read(&mut buffer[..room])? {
                Incoming::Bytes(count) => got.extend_from_slice(&buffer[..count]),
                Incoming::End(Ending::Fin) => return fail(&got, ", then the end of the stream"),
                Incoming::End(Ending::Reset) => return fail(&got, ", then a reset"),
                Incoming::NothingYet => {
                    return fail(&got, &format!(", then silence for {:?}", self.patience));
                }
            }
            if first_difference(expected, &got) < got.len() {
                return fail(&got, "");
            }
        }
        Ok(())
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
fn blame(error: &io::Error) -> String {
    let exhausted = matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL)
    );
    let whose =
        if exhausted { " (the checking client ran out of descriptors or ports, not the server)" } else { "" };
    format!("{error}{whose}")
}

fn unsent(all: usize, left: usize, got: &str) -> Failure {
    Failure::new(
        "send",
        format!("the server to take {all} bytes"),
        format!("{got} with {left} of them unsent"),
    )
}

fn first_difference(expected: &[u8], got: &[u8]) -> usize {
    expected.iter().zip(got).take_while(|(one, other)| one == other).count()
}

/// Bytes for a reader: from a little before `position`, escaped, and cut to a line's length.
pub(crate) fn excerpt(bytes: &[u8], position: usize) -> String {
    const BEFORE: usize = 16;
    const LENGTH: usize = 48;
    let start = position.saturating_sub(BEFORE).min(bytes.len());
    let end = bytes.len().min(start + LENGTH);
    let before = if start > 0 { format!("{start} bytes and ") } else { String::new() };
    let after = if end < bytes.len() { format!(" and {} bytes", bytes.len() - end) } else { String::new() };
    match &bytes[start..end] {
        [] => format!("{before}nothing"),
        shown => format!("{before}\"{}\"{after}", shown.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_bytes_around_the_first_difference() {
        assert_eq!(excerpt(b"", 0), "nothing");
        assert_eq!(excerpt(b"a\x00\"$", 0), r#""a\x00\"$""#);
        let long = [b'x'; 100];
        assert_eq!(excerpt(&long, 30), format!("14 bytes and \"{}\" and 38 bytes", "x".repeat(48)));
        assert_eq!(excerpt(&long, 200), "100 bytes and nothing");
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

    #[test]
    fn the_first_difference_of_a_prefix_is_its_length() {
        assert_eq!(first_difference(b"abc", b"ab"), 2);
        assert_eq!(first_difference(b"abc", b"axc"), 1);
    }
}
