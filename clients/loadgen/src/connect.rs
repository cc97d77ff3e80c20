//! Opening connections: one at a time, so that they do not overflow the server's accept queue.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::bail;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use text::addresses::Addresses;
use text::connecting::{CannotConnect, Cause};

use crate::handle::Handle;
use crate::limits::Room;
use crate::scenario::Scenario;

/// For all connections together. A loopback connect takes some 20 µs unless the accept queue is full.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to open the connections of a run.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    /// The addresses of the server: only the one that was connected to, as soon as there is one.
    addresses: Addresses,
    /// Source addresses, used in turn for a server on an IPv4 loopback address; 1 leaves the choice to the kernel.
    sources: usize,
    /// 0 leaves the choice to the kernel.
    receive_buffer_bytes: usize,
    /// Connections started so far.
    begun: usize,
    /// Connections opened so far.
    opened: usize,
}

/// The result of opening connections.
pub(crate) struct Connected {
    /// Non-blocking, with Nagle's algorithm off.
    pub(crate) streams: Vec<TcpStream>,
    /// Why the others failed, one message each.
    pub(crate) failures: Vec<String>,
}

impl Opener {
    pub(crate) fn new(room: Room, scenario: &Scenario) -> Self {
        let receive_buffer_bytes = scenario.slow.receive_buffer_bytes;
        Opener { addresses: room.addresses, sources: room.sources, receive_buffer_bytes, begun: 0, opened: 0 }
    }

    /// The addresses that are still in question; one as soon as there is a connection.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Decides which address of several to use, by connecting once, unless that is known.
    ///
    /// # Errors
    /// No address can be connected to.
    pub(crate) fn settle(&mut self) -> Result<(), CannotConnect> {
        if self.addresses.all().len() == 1 { Ok(()) } else { self.open(CONNECT_TIMEOUT).map(drop) }
    }

    /// Opens `count` connections and waits for each; fewer if the run is stopped meanwhile.
    ///
    /// # Errors
    /// If no server listens there or it accepts none of them, or this machine runs out of descriptors or ports: the run
    /// would not measure the server.
    pub(crate) fn open_all(&mut self, count: usize, handle: &Handle) -> anyhow::Result<Connected> {
        self.open_all_within(CONNECT_TIMEOUT, count, handle)
    }

    fn open_all_within(
        &mut self,
        limit: Duration,
        count: usize,
        handle: &Handle,
    ) -> anyhow::Result<Connected> {
        let deadline = Instant::now() + limit;
        let before = self.opened;
        let mut connected = Connected { streams: Vec::with_capacity(count), failures: Vec::new() };
        for number in 1..=count {
            if handle.is_stopped() {
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                connected.failures.push(format!("opening all connections took longer than {limit:?}"));
                continue;
            }
            match self.open(left) {
                Ok(stream) => connected.streams.push(stream),
                Err(error) if error.is_ours() => {
                    bail!("cannot open connection {number} of {count}: {error}{}", self.more_sources(&error));
                }
                Err(error) if self.opened == 0 => return Err(error.into()),
                Err(error) if connected.streams.is_empty() => {
                    bail!(
                        "cannot open any of {count} connections beside the {before} that are open: {error}"
                    );
                }
                Err(error) => connected.failures.push(error.to_string()),
            }
        }
        Ok(connected)
    }

    fn open(&mut self, within: Duration) -> Result<TcpStream, CannotConnect> {
        let (address, stream) = self.addresses.clone().try_each(within, |address, within| {
            let socket = self.socket(address)?;
            socket.connect_timeout(&address.into(), within)?;
            socket.set_nonblocking(true)?;
            Ok(TcpStream::from(socket))
        })?;
        self.opened += 1;
        if let Some(chosen) = self.addresses.only(|other| other == address) {
            self.addresses = chosen;
        }
        Ok(stream)
    }

    /// Starts to open a connection without waiting; its readiness or an error reports the result.
    pub(crate) fn begin(&mut self) -> Result<TcpStream, CannotConnect> {
        let begun = self.addresses.clone().try_each(CONNECT_TIMEOUT, |address, _| {
            let socket = self.socket(address)?;
            socket.set_nonblocking(true)?;
            match socket.connect(&address.into()) {
                Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
                _ => Ok(socket.into()),
            }
        });
        begun.map(|(_, stream)| stream)
    }

    fn socket(&mut self, address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_tcp_nodelay(true)?;
        if self.receive_buffer_bytes > 0 {
            // Before connecting: the size decides the TCP window that is announced.
            socket.set_recv_buffer_size(self.receive_buffer_bytes)?;
        }
        if self.sources > 1 && is_ipv4_loopback(address.ip()) {
            socket.bind(&SocketAddr::new(source(self.begun % self.sources), 0).into())?;
        }
        self.begun += 1;
        Ok(socket)
    }

    /// A further remedy if ports have run out and other source addresses have some.
    fn more_sources(&self, error: &CannotConnect) -> &'static str {
        let no_ports = error.decisive().is_some_and(|attempt| attempt.cause == Cause::NoPorts);
        let is_loopback = self.addresses.all().iter().any(|address| is_ipv4_loopback(address.ip()));
        if no_ports && is_loopback { ", or use more source addresses (--sources)" } else { "" }
    }
}

/// Whether the server is on an address to which connections may be made from other loopback addresses.
pub(crate) const fn is_ipv4_loopback(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_loopback())
}

/// The addresses of the loopback interface: 127.0.0.1 and following.
fn source(number: usize) -> IpAddr {
    let first = u32::from(Ipv4Addr::LOCALHOST);
    // The scenario's bound keeps this far below the 16 million addresses of the interface.
    IpAddr::V4(Ipv4Addr::from(first + u32::try_from(number).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// An opener for a server that accepts nobody, and whose queue has room for one connection.
    fn opener_for_a_full_queue() -> (Opener, Socket) {
        let server = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        server.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        server.listen(0).unwrap();
        let address = server.local_addr().unwrap().as_socket().unwrap();
        (Opener::new(Room { addresses: address.into(), sources: 1 }, &Scenario::default()), server)
    }

    #[test]
    fn a_server_that_accepts_nobody_is_told_from_one_that_does_not_listen() {
        let (mut opener, _server) = opener_for_a_full_queue();
        let idle = opener.open_all(1, &Handle::new()).unwrap();
        assert_eq!(idle.streams.len(), 1);
        let within = Duration::from_millis(50);
        let message = opener.open_all_within(within, 3, &Handle::new()).map(|_| ()).unwrap_err().to_string();
        assert!(
            message.starts_with("cannot open any of 3 connections beside the 1 that are open: "),
            "{message}"
        );
        assert!(
            message.contains("the server's queue of connections is full, and it accepts none"),
            "{message}"
        );
    }

    #[test]
    fn connections_that_find_the_queue_full_are_failures_beside_those_that_do_not() {
        let (mut opener, _server) = opener_for_a_full_queue();
        let connected = opener.open_all_within(Duration::from_millis(500), 3, &Handle::new()).unwrap();
        assert_eq!((connected.streams.len(), connected.failures.len()), (1, 2));
        let [first, second] = &connected.failures[..] else { panic!("{:?}", connected.failures) };
        let is_full = |failure: &str| failure.contains("queue of connections is full, and it accepts none");
        assert!(is_full(first), "{first}");
        // The first may have waited a little less than the whole time, and left a little for the second.
        assert!(is_full(second) || second == "opening all connections took longer than 500ms", "{second}");
    }

    #[test]
    fn the_address_that_accepts_first_is_used_for_all_connections() {
        let (closed, open) =
            (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        // The local port of a connection: it is taken, but nothing listens on it.
        let end = TcpStream::connect(closed.local_addr().unwrap()).unwrap();
        let all = [end.local_addr().unwrap(), open.local_addr().unwrap(), closed.local_addr().unwrap()];
        let addresses = Addresses::new("a-name:9090", all).unwrap();
        let room = || Room { addresses: addresses.clone(), sources: 1 };
        let mut opener = Opener::new(room(), &Scenario::default());
        assert_eq!(opener.open_all(3, &Handle::new()).unwrap().streams.len(), 3);
        assert_eq!(opener.addresses().all(), [all[1]]);
        let mut churning = Opener::new(room(), &Scenario::default());
        churning.settle().unwrap();
        assert_eq!(churning.addresses().all(), [all[1]]);
        assert_eq!(churning.begin().unwrap().peer_addr().unwrap(), all[1]);
    }
    #[test]
    fn a_server_on_an_ipv6_address_is_connected_to_from_one_source_address_however_many_are_needed() {
        if !text::connecting::has_ipv6() {
            eprintln!("skipped: this machine has no IPv6");
            return;
        }
        let server = TcpListener::bind("[::1]:0").unwrap();
        let address = server.local_addr().unwrap();
        let room = Room { addresses: address.into(), sources: 3 };
        let mut opener = Opener::new(room, &Scenario::default());
        let connected = opener.open_all(2, &Handle::new()).unwrap();
        assert!(connected.streams.iter().all(|stream| stream.local_addr().unwrap().ip() == address.ip()));
        assert_eq!(connected.streams.len(), 2);
    }
}
