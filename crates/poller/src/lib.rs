//! mio, as an event loop of this project uses it: it waits for clients, for the listener and for the request to stop.
//!
//! It reports *changes* (edge-triggered): a socket that stays ready is not reported again.
//!
//! A loop that keeps its clients itself asks a [`Poller`]; one that has [`Clients`](sockets::ready::Clients) keep them
//! asks a [`Watcher`] through [`clients`] and [`wait`].

mod watcher;

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use mio::Waker;
pub use watcher::{Events, Watcher, clients, wait, waker};

/// Tokens that no client has: theirs are their keys, which count up from 0.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);
const WAKER: Token = Token(usize::MAX / 2);

/// Urgent bytes, too: a read stops at one, and then a short read does not mean that the socket is empty.
#[cfg(target_os = "linux")]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Changes that are taken from the kernel in one call.
const BATCH: usize = 1024;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A client waits at the listener.
    Listener,
    /// The server is to stop.
    Shutdown,
    /// A client's socket can be read or written.
    Client {
        /// The key that it was watched with.
        key: usize,
        /// Whether an urgent byte or the client's end was reported: a short read does not mean then that the socket is
        /// empty.
        more: bool,
    },
}

/// Who is watched.
#[derive(Debug)]
pub struct Poller(Poll);

/// What one wait has reported.
#[derive(Debug)]
pub struct Changes(mio::Events);

impl Poller {
    /// Watches the listener and the request to stop.
    ///
    /// # Errors
    /// The kernel's poller cannot be made.
    pub fn new(listener: &impl AsRawFd, shutdown: &impl AsRawFd) -> io::Result<Poller> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut SourceFd(&listener.as_raw_fd()), LISTENER, Interest::READABLE)?;
        registry.register(&mut SourceFd(&shutdown.as_raw_fd()), SHUTDOWN, Interest::READABLE)?;
        Ok(Poller(poll))
    }

    /// Watches a client's socket, until it is closed. What is ready already is reported, too.
    ///
    /// # Errors
    /// The kernel watches no more.
    pub fn watch(&self, socket: &impl AsRawFd, key: usize) -> io::Result<()> {
        self.0.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(key), INTERESTS)
    }

    /// With it another thread ends a wait, with a change of a client whose key nobody has.
    ///
    /// # Errors
    /// The kernel has no descriptor left for it.
    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.0.registry(), WAKER)
    }

    /// Waits for changes, at most for this long. A signal ends the wait, with none.
    ///
    /// # Errors
    /// The poller is broken.
    pub fn wait(&mut self, changes: &mut Changes, at_most: Option<Duration>) -> io::Result<()> {
        match self.0.poll(&mut changes.0, at_most) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// As [`Poller::wait`], at the price of one more system call. The kernel's poller counts milliseconds, and a wait may last
    /// one longer; here it ends within some microseconds.
    ///
    /// # Errors
    /// The poller is broken.
    pub fn wait_exactly(&mut self, changes: &mut Changes, at_most: Option<Duration>) -> io::Result<()> {
        let exact = at_most.filter(|time| !time.is_zero()).and_then(|time| Timespec::try_from(time).ok());
        let Some(exact) = exact else { return self.wait(changes, at_most) };
        // It is readable itself once there is a change. If the wait fails, the next one says why.
        let _ = poll(&mut [PollFd::new(self.0.registry(), PollFlags::IN)], Some(&exact));
        self.wait(changes, Some(Duration::ZERO))
    }
}

impl Changes {
    /// None yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it allocates room for a batch")]
    pub fn new() -> Changes {
        Changes(mio::Events::with_capacity(BATCH))
    }

    /// Each of them.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Change> {
        self.0.iter().map(|event| match event.token() {
            LISTENER => Change::Listener,
            SHUTDOWN => Change::Shutdown,
            Token(key) => Change::Client { key, more: event.is_read_closed() || event.is_priority() },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    use super::*;

    #[test]
    fn each_kind_of_change_is_reported_once() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (stop, mut stopper) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut poller = Poller::new(&listener, &stop).unwrap();
        let mut changes = Changes::new();
        let mut next = |poller: &mut Poller| {
            poller.wait(&mut changes, Some(Duration::from_secs(10))).unwrap();
            changes.iter().collect::<Vec<Change>>()
        };
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(next(&mut poller), [Change::Listener]);
        let (client, _) = listener.accept().unwrap();
        poller.watch(&client, 7).unwrap();
        assert_eq!(next(&mut poller), [Change::Client { key: 7, more: false }], "there is room to write");
        drop(peer);
        assert_eq!(next(&mut poller), [Change::Client { key: 7, more: true }], "its end");
        stopper.write_all(b"x").unwrap();
        assert_eq!(next(&mut poller), [Change::Shutdown]);
        poller.wait(&mut changes, Some(Duration::ZERO)).unwrap();
        assert_eq!(changes.iter().count(), 0, "nothing is reported again");
    }

    #[test]
    fn an_exact_wait_ends_with_a_change_or_after_its_time_and_not_before() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (stop, _stopper) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut poller = Poller::new(&listener, &stop).unwrap();
        let mut changes = Changes::new();
        for time in [Duration::from_micros(300), Duration::from_micros(2_500)] {
            let began = Instant::now();
            poller.wait_exactly(&mut changes, Some(time)).unwrap();
            assert!(began.elapsed() >= time && changes.iter().count() == 0);
        }
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        // A year, which this test would not survive.
        poller.wait_exactly(&mut changes, Some(Duration::from_secs(31_536_000))).unwrap();
        assert_eq!(changes.iter().collect::<Vec<_>>(), [Change::Listener]);
    }
}
