//! Opening the connections: one at a time, so that a server's queue meets a stream and not a flood.

use std::io::{self, ErrorKind as Io};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::io::Errno;

/// For all connections together. A loopback connect takes some 20 µs, unless the server's queue is full.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What opening came to.
pub(crate) struct Connected {
    /// Non-blocking, with Nagle's algorithm off.
    pub(crate) streams: Vec<TcpStream>,
    /// Why the others are missing, one sentence each.
    pub(crate) failures: Vec<String>,
}

/// Opens `connections` connections to `address`.
///
/// # Errors
/// If nothing listens there at all, or this machine runs out of descriptors or ports: then it is not the
/// server that is being measured.
pub(crate) fn connect_all(address: SocketAddr, connections: usize) -> anyhow::Result<Connected> {
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    let mut connected = Connected { streams: Vec::with_capacity(connections), failures: Vec::new() };
    for number in 0..connections {
        match connect(address, deadline) {
            Ok(stream) => connected.streams.push(stream),
            Err(error) => match cause(&error) {
                Cause::Client(advice) => bail!(
                    "cannot open connection {} of {connections} to {address}: {error}; {advice}",
                    number + 1
                ),
                Cause::Server if connected.streams.is_empty() => {
                    return Err(error).with_context(|| {
                        format!("cannot connect to {address}; is a server listening there?")
                    });
                }
                Cause::Server => connected.failures.push(format!("connecting failed: {error}")),
            },
        }
    }
    Ok(connected)
}

fn connect(address: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::Error::new(
            Io::TimedOut,
            format!("not all connections could be opened within {} s", CONNECT_TIMEOUT.as_secs()),
        ));
    }
    let stream = TcpStream::connect_timeout(&address, left)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Whose fault a failed connect is.
enum Cause {
    Client(&'static str),
    Server,
}

fn cause(error: &io::Error) -> Cause {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => {
            Cause::Client("file descriptors have run out; ask for fewer connections or raise ulimit -n")
        }
        Some(Errno::ADDRNOTAVAIL) => Cause::Client(
            "local ports have run out; ask for fewer connections, wait until closed ones are forgotten \
             (60 s), or widen net.ipv4.ip_local_port_range",
        ),
        _ => Cause::Server,
    }
}
