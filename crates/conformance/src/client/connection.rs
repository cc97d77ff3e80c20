//! The connection itself: opening it with chosen buffers, and resetting it.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use text::connecting::{Attempt, Cause};

use crate::failure::Failure;

/// A connection to the server under test.
#[derive(Debug)]
pub(crate) struct Client {
    pub(super) stream: TcpStream,
    patience: Duration,
    /// Whether a reset has arrived. The kernel reports it once, to the next call, and then an end of stream.
    pub(super) reset: bool,
}

/// Sizes of the client's buffers; `None` leaves the system's default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buffers {
    /// Bytes of the receive buffer, as requested from the kernel (Linux doubles them).
    pub(crate) receive: Option<usize>,
    /// Bytes of the send buffer.
    pub(crate) send: Option<usize>,
    /// The maximum segment size for the server, in bytes.
    pub(crate) segment: Option<u32>,
}

impl Buffers {
    /// Small buffers, so that the server soon notices a client that does not read. The segments have Ethernet's size:
    /// Linux derives the server's send buffer from it, and with loopback's large segments it would take 3 MiB for each
    /// client that does not read.
    pub(crate) const SMALL: Buffers =
        Buffers { receive: Some(4 << 10), send: Some(64 << 10), segment: Some(1460) };
}

impl Client {
    /// Connects. Every wait on this connection is limited to `patience`.
    pub(crate) fn connect(
        address: SocketAddr,
        patience: Duration,
        buffers: Buffers,
    ) -> Result<Self, Failure> {
        Client::connect_from(None, address, patience, buffers)
    }

    /// As [`Client::connect`], from a port that the caller chooses and that may be in use.
    pub(crate) fn connect_from(
        source: Option<SocketAddr>,
        address: SocketAddr,
        patience: Duration,
        buffers: Buffers,
    ) -> Result<Self, Failure> {
        let connect = || -> io::Result<TcpStream> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            if let Some(source) = source {
                socket.set_reuse_address(true)?; // only the whole connection must be unique, not the port
                socket.bind(&source.into())?;
            }
            if let Some(bytes) = buffers.receive {
                socket.set_recv_buffer_size(bytes)?; // before connecting: the window scale depends on it
            }
            if let Some(bytes) = buffers.send {
                socket.set_send_buffer_size(bytes)?;
            }
            if let Some(bytes) = buffers.segment {
                socket.set_tcp_mss(bytes)?;
            }
            socket.connect_timeout(&address.into(), patience)?;
            socket.set_tcp_nodelay(true)?; // each send is a segment of its own, if the kernel agrees
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        };
        let stream = connect().map_err(|error| {
            Failure::new("connect", format!("a connection to {address}"), cause_at(address, &error))
        })?;
        Ok(Client { stream, patience, reset: false })
    }

    /// A client on a connection that is open already.
    pub(crate) fn over(stream: TcpStream, patience: Duration) -> Result<Self, Failure> {
        stream
            .set_nonblocking(true)
            .map_err(|error| Failure::new("make the socket non-blocking", "to succeed", error.to_string()))?;
        Ok(Client { stream, patience, reset: false })
    }

    /// Extends all further waits by this much, for what a server does only after a timeout.
    pub(crate) fn wait_longer(&mut self, by: Duration) {
        self.patience += by;
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Ends the connection by a reset instead of a FIN.
    pub(crate) fn reset(self) {
        // If the option cannot be set the connection is already closed, which is fine.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// The client's own address.
    pub(crate) fn source(&self) -> Result<SocketAddr, Failure> {
        self.stream
            .local_addr()
            .map_err(|error| Failure::new("read the local address", "to succeed", error.to_string()))
    }

    /// The socket, to be handed to another process.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.stream.into()
    }
}

/// An error of a connection as text, marked if its cause is a limit of the client's own process.
pub(super) fn cause(error: &io::Error) -> String {
    // The address plays no part once there is a connection.
    marked(Cause::of(error, SocketAddr::from(([127, 0, 0, 1], 0))), error.to_string())
}

/// Why there is no connection to an address.
fn cause_at(address: SocketAddr, error: &io::Error) -> String {
    let attempt = Attempt::new(address, error);
    marked(attempt.cause, attempt.to_string())
}

fn marked(cause: Cause, text: String) -> String {
    if cause.is_ours() { format!("{text} (a limit of the checker's machine, not the server)") } else { text }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn only_errors_from_limits_of_the_checker_are_marked() {
        for of_checker in [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL] {
            assert!(cause(&of_checker.into()).contains("not the server"), "{of_checker:?}");
        }
        for of_server in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::TIMEDOUT, Errno::PIPE] {
            assert!(!cause(&of_server.into()).contains("not the server"), "{of_server:?}");
        }
    }

    #[test]
    fn a_failed_connect_says_what_it_means() {
        let text = cause_at(SocketAddr::from(([127, 0, 0, 1], 9)), &Errno::CONNREFUSED.into());
        assert!(text.ends_with(": nothing listens there"), "{text}");
        let text = cause_at(SocketAddr::from(([127, 0, 0, 1], 9)), &Errno::ADDRNOTAVAIL.into());
        assert!(
            text.ends_with(": local ports have run out (a limit of the checker's machine, not the server)"),
            "{text}"
        );
    }
}
