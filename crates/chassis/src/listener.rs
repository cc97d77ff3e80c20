//! The listening socket, the same for every model.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::net::SocketFlags;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use socket2::{Domain, Protocol, Socket, Type};
use text::addresses::Addresses;
use text::connecting::has_ipv6;
use tracing::warn;

use crate::options::Options;

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
///   acknowledgement; [`Sending`](crate::Sending) may leave it out.
/// - `SO_OOBINLINE`, inherited too: a byte that a client sends as urgent is a byte like any other.
///
/// # Errors
/// What the system said, with the address, the cause and what to do about it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address, Nagle::Off).map_err(|error| refusal(address, &error))
}

/// Binds a listening socket, as [`listen`] does, to the first address of `--addr` that this machine has: `localhost` may
/// be `::1` and 127.0.0.1, on a machine without IPv6. `--nagle` leaves `TCP_NODELAY` out.
///
/// An address that is in use ends the search: clients try the addresses in the same order, and would find the server
/// that uses it.
///
/// # Errors
/// As [`listen`], for the last address that was tried.
pub fn listen_as(options: &Options) -> io::Result<TcpListener> {
    let nagle = if options.sending.nagle { Nagle::On } else { Nagle::Off };
    choose(&options.addr, |address| bind(address, nagle))
}

fn choose<L>(addresses: &Addresses, bind: impl Fn(SocketAddr) -> io::Result<L>) -> io::Result<L> {
    let mut refused = None;
    for &address in addresses.all() {
        let error = match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => error,
        };
        let is_missing = matches!(
            Errno::from_io_error(&error),
            Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT | Errno::NODEV)
        );
        let refusal = refusal(address, &error);
        if !is_missing {
            return Err(refusal);
        }
        if addresses.all().last() != Some(&address) {
            warn!("{refusal}; trying the next address of {addresses}");
        }
        refused = Some(refusal);
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

/// The error with its cause and remedy.
fn refusal(address: SocketAddr, error: &io::Error) -> io::Error {
    let ip = address.ip().to_canonical();
    let advice = match Errno::from_io_error(error) {
        Some(Errno::ADDRINUSE) => "; stop the server that listens there or choose another --addr",
        Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT) if ip.is_ipv6() && !has_ipv6() => {
            "; this machine has no IPv6: choose an IPv4 address, such as 127.0.0.1, or turn IPv6 on"
        }
        Some(Errno::ADDRNOTAVAIL) => "; --addr must be an address of this machine (`ip address` lists them)",
        Some(Errno::NODEV) => "; there is no such network interface (`ip link` lists them)",
        Some(Errno::ACCESS) if address.port() < 1024 => {
            "; ports below 1024 are privileged: choose a higher one, or lower net.ipv4.ip_unprivileged_port_start"
        }
        Some(Errno::ACCESS | Errno::PERM) => "; a security policy or sandbox of this machine forbids it",
        Some(Errno::MFILE | Errno::NFILE) => "; file descriptors have run out: raise the limit (`ulimit -n`)",
        Some(Errno::NOBUFS | Errno::NOMEM) => "; the kernel's memory for sockets has run out",
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}{advice}"))
}

/// A further listening socket on the same address: the kernel spreads new connections over all of them, by a hash.
///
/// The first one was bound alone, so that a second server on its address is refused. It gets `SO_REUSEPORT` only here, which
/// Linux allows after the fact; then others of the same user can be bound beside it.
///
/// # Errors
/// As [`listen`].
#[cfg(target_os = "linux")]
pub fn listen_beside(first: &TcpListener) -> io::Result<TcpListener> {
    let address = first.local_addr()?;
    SockRef::from(first).set_reuse_port(true)?;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_port(true)?;
    bound(socket, address, Nagle::Off).map_err(|error| refusal(address, &error))
}

/// Whether the kernel holds small segments of a connection back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nagle {
    On,
    Off,
}

fn bind(address: SocketAddr, nagle: Nagle) -> io::Result<TcpListener> {
    bound(Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?, address, nagle)
}

fn bound(socket: Socket, address: SocketAddr, nagle: Nagle) -> io::Result<TcpListener> {
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(nagle == Nagle::Off)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sending;

    fn both() -> Addresses {
        let all = ["[::1]:9090", "127.0.0.1:9090"].map(|address| address.parse().unwrap());
        Addresses::new("localhost:9090", all).unwrap()
    }

    /// Which address is chosen if binding the IPv6 address fails.
    fn chosen_after(errno: Errno) -> io::Result<SocketAddr> {
        choose(&both(), |address| if address.is_ipv6() { Err(errno.into()) } else { Ok(address) })
    }

    #[test]
    fn the_first_address_of_a_name_is_taken() {
        assert_eq!(choose(&both(), Ok).unwrap(), both().all()[0]);
    }

    #[test]
    fn accepted_sockets_hold_no_small_segment_back_unless_nagle_is_asked_for() {
        for nagle in [false, true] {
            let sending = Sending { nagle, ..Sending::default() };
            let any = Addresses::from(SocketAddr::from(([127, 0, 0, 1], 0)));
            let listener = listen_as(&Options { addr: any, sending, ..Options::default() }).unwrap();
            let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            assert_eq!(accept(&listener).unwrap().0.nodelay().unwrap(), !nagle);
        }
    }

    #[test]
    fn an_address_that_this_machine_lacks_is_passed_over() {
        for errno in [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT, Errno::NODEV] {
            assert_eq!(chosen_after(errno).unwrap(), both().all()[1]);
        }
    }

    #[test]
    fn an_address_that_is_in_use_or_forbidden_is_not_passed_over() {
        for (errno, advice) in [
            (Errno::ADDRINUSE, "stop the server that listens there"),
            (Errno::ACCESS, "a security policy or sandbox"),
            (Errno::MFILE, "file descriptors have run out"),
        ] {
            let error = chosen_after(errno).unwrap_err().to_string();
            assert!(error.starts_with("cannot listen on [::1]:9090: ") && error.contains(advice), "{error}");
        }
    }

    #[test]
    fn without_any_address_the_last_error_is_told() {
        let error = choose(&both(), |_| Err::<(), _>(Errno::ADDRNOTAVAIL.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
        assert!(error.to_string().starts_with("cannot listen on 127.0.0.1:9090: "), "{error}");
    }

    #[test]
    fn the_advice_is_for_the_cause() {
        let advice =
            |address: &str, errno: Errno| refusal(address.parse().unwrap(), &errno.into()).to_string();
        for (address, errno, expected) in [
            ("127.0.0.1:80", Errno::ACCESS, "ports below 1024 are privileged"),
            ("127.0.0.1:9090", Errno::ACCESS, "a security policy"),
            ("127.0.0.1:80", Errno::PERM, "a security policy"),
            ("192.0.2.1:9090", Errno::ADDRNOTAVAIL, "must be an address of this machine"),
            ("[fe80::1%99]:9090", Errno::NODEV, "no such network interface"),
        ] {
            let advice = advice(address, errno);
            assert!(advice.contains(expected), "{address} {errno:?}: {advice}");
        }
        let no_ipv6 = advice("[::1]:9090", Errno::ADDRNOTAVAIL).contains("this machine has no IPv6");
        assert_eq!(no_ipv6, !has_ipv6());
    }
}
