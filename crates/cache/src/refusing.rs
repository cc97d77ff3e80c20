//! An address where connections are refused: the fault `refuse`.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// A socket that is bound and does not listen: the kernel refuses whoever connects, and nobody else gets the port.
#[derive(Debug)]
pub(crate) struct Refusing(Socket);

impl Refusing {
    /// Takes over from a listener, which resets the clients that wait in its queue.
    pub(crate) fn at(address: SocketAddr, listener: impl Sized) -> io::Result<Refusing> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_tcp_nodelay(true)?;
        drop(listener);
        socket.bind(&address.into())?;
        Ok(Refusing(socket))
    }

    /// Listens again.
    pub(crate) fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(chassis::BACKLOG)?;
        Ok(self.0.into())
    }
}
