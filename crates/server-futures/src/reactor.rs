//! The reactor: it waits for sockets, and wakes the tasks of those that are ready.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use chassis::Shutdown;
use poller::{Change, Changes, Poller};
use slab::Slab;
use sockets::tasks::Arrivals;

/// Shared with its sources.
pub(crate) struct Reactor(Rc<RefCell<Watch>>);

struct Watch {
    poller: Poller,
    changes: Changes,
    sockets: Slab<Watched>,
}

/// A socket that is watched: whom to wake.
struct Watched {
    waker: Waker,
    /// Whether an urgent byte or the client's end has been reported since its task was polled.
    more: bool,
}

impl Reactor {
    pub(crate) fn new(arrivals: &Arrivals, shutdown: &Shutdown) -> io::Result<Reactor> {
        let poller = Poller::new(arrivals, shutdown)?;
        let watch = Watch { poller, changes: Changes::new(), sockets: Slab::new() };
        Ok(Reactor(Rc::new(RefCell::new(watch))))
    }

    /// Waits, at most for this long, and wakes the tasks whose sockets are ready.
    pub(crate) fn wake_ready(&self, at_most: Option<Duration>, arrivals: &mut Arrivals) -> io::Result<()> {
        let Watch { poller, changes, sockets } = &mut *self.0.borrow_mut();
        poller.wait(changes, at_most)?;
        for change in changes.iter() {
            match change {
                Change::Listener => arrivals.clients_wait(),
                Change::Shutdown => arrivals.stop(),
                Change::Client { key, more } => {
                    if let Some(watched) = sockets.get_mut(key) {
                        watched.more |= more;
                        watched.waker.wake_by_ref();
                    }
                }
            }
        }
        Ok(())
    }

    /// A socket whose task the reactor can wake.
    pub(crate) fn source(&self, stream: TcpStream) -> Source {
        let watched = Watched { waker: Waker::noop().clone(), more: false };
        let key = self.0.borrow_mut().sockets.insert(watched);
        Source { stream, key, watch: Rc::clone(&self.0) }
    }
}

/// A socket, and its place among those that the reactor watches.
pub(crate) struct Source {
    stream: TcpStream,
    key: usize,
    watch: Rc<RefCell<Watch>>,
}

impl Source {
    /// Has the reactor watch the socket. After the greeting: a new socket has room for that.
    pub(crate) fn watch(&self) -> io::Result<()> {
        self.watch.borrow().poller.watch(&self.stream, self.key)
    }

    /// The task waits: it will be woken once the socket can be read or written.
    pub(crate) fn leave_waker(&self, context: &Context<'_>) {
        self.watch.borrow_mut().sockets[self.key].waker.clone_from(context.waker());
    }

    /// Whether an urgent byte or the client's end was reported: then a short read does not mean that the socket is empty.
    pub(crate) fn take_more(&self) -> bool {
        mem::take(&mut self.watch.borrow_mut().sockets[self.key].more)
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
        self.watch.borrow_mut().sockets.remove(self.key);
    }
}
