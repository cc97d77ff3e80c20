//! What an error of the system means for one who wanted to connect, and what he can do.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use rustix::io::Errno;

/// Why a connection could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing listens at the address.
    Refused,
    /// An address of this machine did not answer: the server does not accept, and its queue is full.
    QueueFull,
    /// Another machine did not answer.
    NoAnswer,
    /// The server closed the connection while it was being opened.
    Closed,
    /// This machine does not know how to reach that network.
    NoRoute,
    /// The host or a router on the way says that the host cannot be reached.
    HostUnreachable,
    /// The loopback interface of this machine, or of this network namespace, is down.
    LoopbackDown,
    /// This machine, or this network namespace, has no IPv6.
    NoIpv6,
    /// The local ports have run out.
    NoPorts,
    /// The file descriptors of this process or machine have run out.
    NoDescriptors,
    /// The kernel's memory for sockets has run out.
    NoMemory,
    /// The system does not permit it.
    Forbidden,
    /// Anything else; the system's message must do.
    Other,
}

impl Cause {
    /// The cause of an error that a socket returned while it was bound or connected to `address`.
    pub fn of(error: &io::Error, address: SocketAddr) -> Cause {
        let ip = address.ip().to_canonical();
        let is_own = ip.is_loopback() || ip.is_unspecified();
        if error.kind() == io::ErrorKind::TimedOut {
            // `connect_timeout` has no error number.
            return if is_own { Cause::QueueFull } else { Cause::NoAnswer };
        }
        match Errno::from_io_error(error) {
            Some(Errno::CONNREFUSED) => Cause::Refused,
            Some(Errno::CONNRESET | Errno::CONNABORTED) => Cause::Closed,
            Some(Errno::HOSTUNREACH | Errno::HOSTDOWN) => Cause::HostUnreachable,
            Some(Errno::NETUNREACH | Errno::NETDOWN) if is_own => Cause::LoopbackDown,
            // EINVAL is what Linux says of a route that leads nowhere (`ip route add blackhole`).
            Some(Errno::NETUNREACH | Errno::NETDOWN | Errno::INVAL) => Cause::NoRoute,
            // The kernel says the same where an IPv6 address cannot be reached from any of its own, having none.
            Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT) if ip.is_ipv6() && !has_ipv6() => Cause::NoIpv6,
            // Without free ports a bind fails with EADDRINUSE, a connect with EADDRNOTAVAIL.
            Some(Errno::ADDRNOTAVAIL | Errno::ADDRINUSE) => Cause::NoPorts,
            Some(Errno::MFILE | Errno::NFILE) => Cause::NoDescriptors,
            Some(Errno::NOBUFS | Errno::NOMEM) => Cause::NoMemory,
            Some(Errno::ACCESS | Errno::PERM) => Cause::Forbidden,
            _ => Cause::Other,
        }
    }

    /// Whether it is a limit of this machine or process, so that nothing is known of the server.
    pub const fn is_ours(self) -> bool {
        matches!(self, Cause::NoPorts | Cause::NoDescriptors | Cause::NoMemory)
    }

    /// The cause in words; empty if nothing is known beside the system's message.
    pub const fn reason(self) -> &'static str {
        match self {
            Cause::Refused => "nothing listens there",
            Cause::QueueFull => "the server's queue of connections is full, and it accepts none of them",
            Cause::NoAnswer => {
                "the host is down, a firewall drops the packets, or the server's queue of connections is full"
            }
            Cause::Closed => "the server closed the connection at once",
            Cause::NoRoute => "this machine has no route to that network",
            Cause::HostUnreachable => {
                "the host is down or not on its network, or a firewall rejects the packets"
            }
            Cause::LoopbackDown => "the loopback interface is down",
            Cause::NoIpv6 => "this machine has no IPv6",
            Cause::NoPorts => "local ports have run out",
            Cause::NoDescriptors => "file descriptors have run out",
            Cause::NoMemory => "the kernel's memory for sockets has run out",
            Cause::Forbidden => "a firewall, a prohibited route or a sandbox of this machine forbids it",
            Cause::Other => "",
        }
    }

    /// What the user can do; empty if nothing is known.
    pub const fn remedy(self) -> &'static str {
        match self {
            Cause::Refused => "check the address, or start a server there first",
            Cause::QueueFull => {
                "wait until other clients have left, use fewer connections, or see whether the server hangs"
            }
            Cause::NoAnswer => "check the address, the firewalls and the server",
            Cause::Closed => "look into the server's log",
            Cause::NoRoute | Cause::HostUnreachable => {
                "check the address and the routes (`ip route get ADDRESS`)"
            }
            Cause::LoopbackDown => "run `ip link set lo up`",
            Cause::NoIpv6 => "give an IPv4 address, such as 127.0.0.1, or turn IPv6 on",
            Cause::NoPorts => {
                "use fewer connections, wait until closed ones have left TIME_WAIT (60 s), or widen \
                 net.ipv4.ip_local_port_range"
            }
            Cause::NoDescriptors => {
                "use fewer connections or raise the limit (`ulimit -n`; of the machine: fs.file-max)"
            }
            Cause::NoMemory => "use fewer connections, or raise net.ipv4.tcp_mem",
            Cause::Forbidden => "allow it there, or give another address",
            Cause::Other => "",
        }
    }
}

/// Whether this machine, or this network namespace, has an IPv6 address at all. If there is one, `::1` is, too.
pub fn has_ipv6() -> bool {
    match UdpSocket::bind((IpAddr::V6(Ipv6Addr::LOCALHOST), 0)) {
        Ok(_) => true,
        // Any other error, such as a lack of descriptors, says nothing of IPv6.
        Err(error) => !matches!(Errno::from_io_error(&error), Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT)),
    }
}
