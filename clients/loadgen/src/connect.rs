//! Opening connections: one at a time, so that they do not overflow the server's accept queue.

use std::io::{self, ErrorKind as Io};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::handle::Handle;
use crate::scenario::Scenario;

/// For all connections together. A loopback connect takes some 20 µs unless the accept queue is full.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to open the connections of a run.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    address: SocketAddr,
    /// Source addresses, used in turn; 1 leaves the choice to the kernel.
    sources: usize,
    /// 0 leaves the choice to the kernel.
    receive_buffer_bytes: usize,
    /// Connections started so far.
    begun: usize,
}

/// The result of opening connections.
pub(crate) struct Connected {
    /// Non-blocking, with Nagle's algorithm off.
    pub(crate) streams: Vec<TcpStream>,
    /// Why the others failed, one message each.
    pub(crate) failures: Vec<String>,
}

impl Opener {
    pub(crate) fn new(address: SocketAddr, scenario: &Scenario, sources: usize) -> Self {
        Opener { address, sources, receive_buffer_bytes: scenario.slow.receive_buffer_bytes, begun: 0 }
    }

    /// Opens `count` connections and waits for each; fewer if the run is stopped meanwhile.
    ///
    /// # Errors
    /// If no server listens there, or this machine runs out of descriptors or ports: the run would not measure
    /// the server.
    pub(crate) fn open_all(&mut self, count: usize, handle: &Handle) -> anyhow::Result<Connected> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        let mut connected = Connected { streams: Vec::with_capacity(count), failures: Vec::new() };
        for number in 0..count {
            if handle.is_stopped() {
                break;
            }
            match self.open(deadline) {
                Ok(stream) => connected.streams.push(stream),
                Err(error) => {
                    if let Some(advice) = advice(&error) {
                        let address = self.address;
                        bail!(
                            "cannot open connection {} of {count} to {address}: {error}; {advice}",
                            number + 1
                        );
                    }
                    if connected.streams.is_empty() {
                        let address = self.address;
                        return Err(error).with_context(|| {
                            format!("cannot connect to {address}; is a server listening there?")
                        });
                    }
                    connected.failures.push(format!("connecting failed: {error}"));
                }
            }
        }
        Ok(connected)
    }

    fn open(&mut self, deadline: Instant) -> io::Result<TcpStream> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(
                Io::TimedOut,
                format!("opening all connections took longer than {} s", CONNECT_TIMEOUT.as_secs()),
            ));
        }
        let socket = self.socket()?;
        socket.connect_timeout(&self.address.into(), left)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }

    /// Starts to open a connection without waiting; its readiness or an error reports the result.
    pub(crate) fn begin(&mut self) -> io::Result<TcpStream> {
        let socket = self.socket()?;
        socket.set_nonblocking(true)?;
        match socket.connect(&self.address.into()) {
            Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
            _ => Ok(socket.into()),
        }
    }

    fn socket(&mut self) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_tcp_nodelay(true)?;
        if self.receive_buffer_bytes > 0 {
            // Before connecting: the size decides the TCP window that is announced.
            socket.set_recv_buffer_size(self.receive_buffer_bytes)?;
        }
        if self.sources > 1 {
            socket.bind(&SocketAddr::new(source(self.begun % self.sources), 0).into())?;
        }
        self.begun += 1;
        Ok(socket)
    }
}

/// The addresses of the loopback interface: 127.0.0.1 and following.
fn source(number: usize) -> IpAddr {
    let first = u32::from(Ipv4Addr::LOCALHOST);
    // The scenario's bound keeps this far below the 16 million addresses of the interface.
    IpAddr::V4(Ipv4Addr::from(first + u32::try_from(number).unwrap_or(0)))
}

/// The remedy if a connect failed because of this machine and not of the server.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => {
            Some("file descriptors have run out; use fewer connections or raise ulimit -n")
        }
        // Without free ports a bind fails with EADDRINUSE, a connect with EADDRNOTAVAIL.
        Some(Errno::ADDRNOTAVAIL | Errno::ADDRINUSE) => Some(
            "local ports have run out; use fewer connections or more source addresses, wait until closed \
             connections have left TIME_WAIT (60 s), or widen net.ipv4.ip_local_port_range",
        ),
        _ => None,
    }
}
