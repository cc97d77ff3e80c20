//! The cache for an event loop: one connection that never blocks carries the questions of all clients.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use chassis::Options;
use prime::Verdict;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tracing::info;

use crate::pipeline::{Done, Pipeline};
use crate::policy::TIMEOUT;

/// Bytes that are read at a time.
const BUFFER_SIZE: usize = 4 * 1024;

/// The questions, and the connection that carries them. It is made when it is needed, and kept. Each question has a token,
/// by which the loop knows whose it is.
///
/// What the loop does in each round:
///
/// - it says that the socket was [reported](Self::reported), by a poller of changes, and lets the cache
///   [receive](Self::receive);
/// - it takes the [results](Self::next_done), and asks what it has to ask;
/// - if the cache [connects](Self::connects), the new socket is to be watched; what is asked is [sent](Self::send);
/// - it sleeps no longer than the [time left](Self::time_left).
#[derive(Debug)]
pub struct Cache<T> {
    addresses: Vec<SocketAddr>,
    /// The address that is tried next, or has been reached.
    next: usize,
    pipeline: Pipeline<T>,
    socket: Option<Socket>,
    is_connected: bool,
    is_reported: bool,
}

impl<T> Cache<T> {
    /// The cache of `--cache`. Without that it is not [wanted](Self::is_wanted): it stores nothing, and knows of no number.
    #[must_use]
    pub fn new(options: &Options) -> Cache<T> {
        if let Some(cache) = &options.cache {
            info!(%cache, connections = 1, timeout = ?TIMEOUT, "numbers are looked up before they are tested");
        }
        let addresses = options.cache.as_ref().map(|cache| cache.all().to_vec()).unwrap_or_default();
        let (pipeline, socket) = (Pipeline::new(), None);
        Cache { addresses, next: 0, pipeline, socket, is_connected: false, is_reported: false }
    }

    /// Whether `--cache` is given.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// Asks what is stored about the number, if it is [wanted](Self::is_wanted).
    pub fn get(&mut self, number: u64, token: T) {
        debug_assert!(self.is_wanted(), "there is no cache to ask");
        self.pipeline.get(number, token, Instant::now());
    }

    /// Stores what a test has found, if the cache takes it. A test that was stopped has found nothing.
    pub fn store(&mut self, number: u64, verdict: Verdict, token: T) {
        if self.is_wanted() {
            self.pipeline.store(number, verdict, token, Instant::now());
        }
    }

    /// The next result.
    pub fn next_done(&mut self) -> Option<Done<T>> {
        self.pipeline.next_done()
    }

    /// Whether there is a [result](Self::next_done).
    #[must_use]
    pub fn has_done(&self) -> bool {
        self.pipeline.has_done()
    }

    /// The socket can be read or written.
    pub fn reported(&mut self) {
        self.is_reported = true;
    }

    /// How long until the cache is given up, if nothing is reported before.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.pipeline.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Takes what has come, and gives up if that is too late.
    pub fn receive(&mut self) {
        if mem::take(&mut self.is_reported) {
            self.receive_answers();
        }
        self.pipeline.look(Instant::now());
        if self.pipeline.is_down() && self.socket.take().is_some() && !self.is_connected {
            self.try_another_address();
        }
    }

    /// No answer is larger than the decoder allows, and more of them than questions end the connection: so this ends.
    fn receive_answers(&mut self) {
        let mut buffer = [0; BUFFER_SIZE];
        while let Some(socket) = &mut self.socket {
            if !self.is_connected {
                match is_connected(socket) {
                    Ok(false) => return,
                    Ok(true) => {
                        self.is_connected = true;
                        self.pipeline.connected();
                    }
                    Err(error) => return self.cannot_connect(&error),
                }
            }
            match socket.read(&mut buffer) {
                Ok(0) => self.broken("it has closed the connection"),
                Ok(count) => self.pipeline.receive(&buffer[..count], Instant::now()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.broken(error),
            }
            if self.pipeline.is_down() {
                return;
            }
        }
    }

    /// Begins to connect, if there is something to ask and no connection. Returns whether there is a new socket, to be
    /// watched.
    pub fn connects(&mut self) -> bool {
        // Also if an address has refused, and there is another.
        while self.pipeline.wants_connection() || (self.socket.is_none() && !self.pipeline.is_down()) {
            self.pipeline.connecting();
            self.is_connected = false;
            match connect(self.addresses[self.next]) {
                Ok(socket) => {
                    self.socket = Some(socket);
                    return true;
                }
                Err(error) => self.cannot_connect(&error),
            }
        }
        false
    }

    /// Sends what is asked, as far as the kernel takes it.
    pub fn send(&mut self) {
        while let (Some(socket), [_, ..]) = (&mut self.socket, self.pipeline.unsent()) {
            match socket.write(self.pipeline.unsent()) {
                Ok(count) => self.pipeline.sent(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.broken(error),
            }
        }
    }

    /// The connection is of no use.
    pub fn broken(&mut self, cause: impl std::fmt::Display) {
        self.socket = None;
        self.pipeline.broken(cause, Instant::now());
    }

    /// One address after the other, and only then the cache is away.
    fn cannot_connect(&mut self, error: &io::Error) {
        self.socket = None;
        self.try_another_address();
        if self.next == 0 {
            self.pipeline.broken(error, Instant::now());
        }
    }

    fn try_another_address(&mut self) {
        self.next = (self.next + 1) % self.addresses.len();
    }
}

/// The socket, to be watched; -1 if there is none.
impl<T> AsRawFd for Cache<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}

/// Begins to connect.
fn connect(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(socket),
    }
}

/// Whether the connection is made.
fn is_connected(socket: &Socket) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
