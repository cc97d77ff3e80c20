//! Raw echo with one thread and one readiness loop, on plain system calls.
//!
//! Edge-triggered; sockets stay blocking for `send`, so that no state is kept: a client that does not
//! read stalls everybody, which is why this is a floor and no server.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use chassis::{Options, Shutdown, Summary};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};

use crate::BUFFER_SIZE;
use crate::burn::Burn;

const LISTENER: u64 = u64::MAX;
const SHUTDOWN: u64 = u64::MAX - 1;

/// Echoes until shutdown is requested. Nothing is drained or counted.
///
/// # Errors
/// The poller cannot be made, or the listener is broken or out of descriptors.
#[expect(clippy::needless_pass_by_value, reason = "the face that every server has")]
pub fn serve(listener: TcpListener, _: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    echo_until(&listener, shutdown, || ())
}

/// The same, but each part that is received costs `further` CPU time more: a slowdown of known size, to test an instrument
/// with.
///
/// # Errors
/// As [`serve`].
pub fn serve_slowed(listener: &TcpListener, shutdown: &Shutdown, further: Duration) -> io::Result<Summary> {
    let further = Burn::of(further);
    echo_until(listener, shutdown, || further.burn())
}

fn echo_until(listener: &TcpListener, shutdown: &Shutdown, further: impl Fn()) -> io::Result<Summary> {
    let poller = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&poller, listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&poller, shutdown, EventData::new_u64(SHUTDOWN), EventFlags::IN)?;
    let mut connections: Vec<Option<OwnedFd>> = Vec::new();
    let mut buffer = vec![0; BUFFER_SIZE];
    let mut events: Vec<Event> = Vec::with_capacity(1024);
    while !shutdown.is_requested() {
        events.clear();
        match epoll::wait(&poller, rustix::buffer::spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        for event in &events {
            match event.data.u64() {
                LISTENER => accept(listener, &poller, &mut connections)?,
                SHUTDOWN => {}
                descriptor => {
                    let slot = usize::try_from(descriptor).ok().and_then(|slot| connections.get_mut(slot));
                    if let Some(slot) = slot
                        && let Some(connection) = slot
                        && echo(connection, event.flags, &mut buffer, &further).is_err()
                    {
                        *slot = None;
                    }
                }
            }
        }
    }
    Ok(Summary::default())
}

fn accept(
    listener: &TcpListener,
    poller: &OwnedFd,
    connections: &mut Vec<Option<OwnedFd>>,
) -> io::Result<()> {
    let connection = match accept_with(listener, SocketFlags::CLOEXEC) {
        Ok(connection) => connection,
        Err(Errno::CONNABORTED | Errno::INTR) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    // Descriptors are small and reused: they index a table. They are never negative.
    let slot = usize::try_from(connection.as_raw_fd()).unwrap_or_default();
    let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    epoll::add(poller, &connection, EventData::new_u64(slot as u64), flags)?;
    connections.resize_with(connections.len().max(slot + 1), || None);
    connections[slot] = Some(connection);
    Ok(())
}

/// Echoes what has arrived. An error means that the connection is over.
fn echo(
    connection: &OwnedFd,
    event: EventFlags,
    buffer: &mut [u8],
    further: &impl Fn(),
) -> Result<(), Errno> {
    let client_is_done = event.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
    loop {
        let received = match recv(connection, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((0, _)) => return Err(Errno::PIPE),
            Ok((received, _)) => received,
            Err(Errno::AGAIN) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        further();
        let mut rest = &buffer[..received];
        while !rest.is_empty() {
            rest = &rest[send(connection, rest, SendFlags::NOSIGNAL)?..];
        }
        if received < buffer.len() && !client_is_done {
            return Ok(());
        }
    }
}
