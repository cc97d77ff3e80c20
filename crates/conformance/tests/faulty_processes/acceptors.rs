//! Ways to accept clients other than one thread per client.

use std::io;
use std::net::TcpListener;
use std::thread;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::support::{Fault, Shared};

/// One thread with edge-triggered readiness, as in event loops. After an event it must accept until no client waits, and
/// must retry by itself if it could not; each of the two can be missing.
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
        // Ends if no client waits, or if no descriptor is free: the fault is that both are treated alike.
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false)?;
            shared.serve_on_a_thread(stream);
            if shared.fault == Fault::AcceptsOncePerEvent {
                break;
            }
        }
    }
}

/// A number of threads, each of which serves one client after the other until a handler panics.
pub(crate) fn accept_in_a_pool(listener: &TcpListener, shared: &Shared, workers: usize) {
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| listener.incoming().flatten().for_each(|stream| shared.serve_to_the_end(stream)));
        }
        // Keeps the process running after its last worker has ended.
        scope.spawn(|| {
            loop {
                thread::park();
            }
        });
    });
}
