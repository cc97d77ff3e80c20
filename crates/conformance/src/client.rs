//! The client toolkit: one connection that can be well-behaved, slow, small or rude.
//!
//! The socket never blocks; every wait is a poll with a deadline, so that no case can hang. The end of
//! a stream is either a FIN (the server closed in order, nothing was lost) or a reset, and cases care
//! which of the two it was.

mod attempts;
mod excerpt;

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use protocol::GREETING;
use rustix::event::PollFlags;
use socket2::{Domain, SockRef, Socket, Type};

use crate::case::Failure;
use attempts::blame;
pub(crate) use attempts::{Ending, Incoming, Outgoing};
use excerpt::{excerpt, first_difference};

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

impl Client {
    /// Connects. Everything that is waited for on this connection is waited for at most `patience`.
    pub(crate) fn connect(
        address: SocketAddr,
        patience: Duration,
        buffers: Buffers,
    ) -> Result<Self, Failure> {
        Client::connect_from(None, address, patience, buffers)
    }

    /// The same from a port of the caller's choice, which may be taken already.
    pub(crate) fn connect_from(
        source: Option<SocketAddr>,
        address: SocketAddr,
        patience: Duration,
        buffers: Buffers,
    ) -> Result<Self, Failure> {
        let connect = || -> io::Result<TcpStream> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            if let Some(source) = source {
                socket.set_reuse_address(true)?; // the connection is what must be unique, not the port
                socket.bind(&source.into())?;
            }
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

    /// Its own end of the connection.
    pub(crate) fn source(&self) -> Result<SocketAddr, Failure> {
        self.stream
            .local_addr()
            .map_err(|error| Failure::new("look at the connection", "its address", error.to_string()))
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

fn unsent(all: usize, left: usize, got: &str) -> Failure {
    Failure::new(
        "send",
        format!("the server to take {all} bytes"),
        format!("{got} with {left} of them unsent"),
    )
}
