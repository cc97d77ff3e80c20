//! The listening socket, the same for every model.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

#[cfg(target_os = "linux")]
use rustix::net::SocketFlags;
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel may hold ready for a server that is busy.
///
/// The standard library's 128 overflows in any burst, and each client that does not fit waits a second
/// for its SYN to be sent again. The kernel cuts the number to `net.core.somaxconn` (4096 by default).
pub const BACKLOG: i32 = 4096;

/// Binds a listening socket.
///
/// - `SO_REUSEADDR`: a restarted server need not wait for old connections in `TIME_WAIT`.
/// - `TCP_NODELAY`: accepted sockets inherit it (on Linux and macOS alike), so it costs no call per
///   connection. Without it a reply that is sent in two pieces waits 40 ms for the client's delayed
///   acknowledgement.
/// - `SO_OOBINLINE`, inherited too: a byte that a client sends as urgent is a byte like any other.
///
/// # Errors
/// What the system said, with the address and what to do about it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "; stop the server that listens there or choose another --addr",
            io::ErrorKind::AddrNotAvailable => "; --addr must be an address of this machine",
            io::ErrorKind::PermissionDenied => "; ports below 1024 are privileged, choose a higher one",
            _ => "",
        };
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}{advice}"))
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_out_of_band_inline(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts one client, as a socket that does not block, in one system call where the system has one for it.
///
/// # Errors
/// What the system says; [`AcceptPolicy`](crate::AcceptPolicy) judges it.
pub fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    #[cfg(target_os = "linux")]
    {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (socket, peer) = rustix::net::acceptfrom_with(listener, flags)?;
        let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
        Ok((socket.into(), peer.unwrap_or_else(|| ([0; 4], 0).into())))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((stream, peer))
    }
}
