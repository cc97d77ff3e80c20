//! Ways to accept clients that a thread for each of them does not have.

use std::io;
use std::net::TcpListener;
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::support::{Fault, Shared};

/// One thread that is told of changes only, as event loops are. After such an event it must accept until nobody
/// waits any more, and must come back by itself if it could not: both can be forgotten.
pub(crate) fn accept_on_edges(listener: &TcpListener, shared: &Shared) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let poller = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&poller, listener, EventData::new_u64(0), EventFlags::IN | EventFlags::ET)?;
    let mut events: Vec<Event> = Vec::with_capacity(1);
    loop {
        events.clear();
        match epoll::wait(&poller, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        // Nobody waits, or no descriptor is free: the fault is that the second is taken for the first.
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false)?;
            shared.serve_on_a_thread(stream);
            if shared.fault == Fault::AcceptsOncePerEvent {
                break;
            }
        }
    }
}

/// So many threads, each of which takes one client after the other until a handler panics.
pub(crate) fn accept_in_a_pool(listener: &TcpListener, shared: &Shared, workers: usize) {
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| listener.incoming().flatten().for_each(|stream| shared.serve_to_the_end(stream)));
        }
        // Without this the process would end with its last worker.
        scope.spawn(|| {
            loop {
                thread::park();
            }
        });
    });
}
