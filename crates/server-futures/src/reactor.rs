//! The reactor: it waits for sockets, and wakes the tasks of those that are ready.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::mem;
use std::net;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

/// Tokens that no client has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// Urgent bytes, too: a read stops at one, and then a short read does not mean that the socket is empty.
#[cfg(target_os = "linux")]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

pub(crate) struct Reactor {
    poll: Poll,
    events: Events,
    shared: Rc<Shared>,
}

/// What the reactor and its sources share.
struct Shared {
    registry: Registry,
    sources: RefCell<Slab<Registered>>,
}

struct Registered {
    waker: Waker,
    expect_more: bool,
}

/// What is not a client's.
pub(crate) enum Woken {
    Listener,
    Shutdown,
}

impl Reactor {
    pub(crate) fn new(listener: RawFd, shutdown: RawFd) -> io::Result<Reactor> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        registry.register(&mut SourceFd(&listener), LISTENER, Interest::READABLE)?;
        registry.register(&mut SourceFd(&shutdown), SHUTDOWN, Interest::READABLE)?;
        let shared = Rc::new(Shared { registry, sources: RefCell::default() });
        Ok(Reactor { poll, events: Events::with_capacity(1024), shared })
    }

    /// Waits, at most for this long, and wakes the tasks whose sockets are ready.
    pub(crate) fn wake_ready(
        &mut self,
        at_most: Option<Duration>,
        mut other: impl FnMut(Woken),
    ) -> io::Result<()> {
        let asked = self.poll.poll(&mut self.events, at_most);
        asked.or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
        let mut sources = self.shared.sources.borrow_mut();
        for event in &self.events {
            match event.token() {
                LISTENER => other(Woken::Listener),
                SHUTDOWN => other(Woken::Shutdown),
                Token(key) => {
                    if let Some(source) = sources.get_mut(key) {
                        source.expect_more |= event.is_read_closed() || event.is_priority();
                        source.waker.wake_by_ref();
                    }
                }
            }
        }
        Ok(())
    }

    /// A socket whose task the reactor will wake.
    pub(crate) fn source(&self, stream: net::TcpStream) -> Source {
        Source { stream: TcpStream::from_std(stream), key: None, shared: Rc::clone(&self.shared) }
    }
}

/// A socket, and its place among those that the reactor watches.
pub(crate) struct Source {
    stream: TcpStream,
    /// `None` until its task has waited for the first time.
    key: Option<usize>,
    shared: Rc<Shared>,
}

impl Source {
    /// The task waits: it will be woken once the socket can be read or written.
    pub(crate) fn leave_waker(&mut self, context: &Context<'_>) -> io::Result<()> {
        let mut sources = self.shared.sources.borrow_mut();
        if let Some(source) = self.key.and_then(|key| sources.get_mut(key)) {
            source.waker.clone_from(context.waker());
            return Ok(());
        }
        let place = sources.vacant_entry();
        self.shared.registry.register(&mut self.stream, Token(place.key()), INTERESTS)?;
        self.key = Some(place.key());
        place.insert(Registered { waker: context.waker().clone(), expect_more: false });
        Ok(())
    }

    /// Whether an urgent byte or the client's end was reported: then a short read does not mean that the socket is empty.
    pub(crate) fn take_expect_more(&self) -> bool {
        let mut sources = self.shared.sources.borrow_mut();
        let source = self.key.and_then(|key| sources.get_mut(key));
        source.is_some_and(|source| mem::take(&mut source.expect_more))
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// A socket that is closed leaves the poller by itself.
impl Drop for Source {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.sources.borrow_mut().remove(key);
        }
    }
}
