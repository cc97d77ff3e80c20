//! A socket without a system: what a blocking connection calls behaves as Linux does, on a lock and a
//! condition; and the client at the other end.
#![expect(clippy::unwrap_used, reason = "no lock of loom is ever poisoned")]

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown as Direction;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use loom::sync::Condvar;
use rustix::io::Errno;

use chassis::sync::{Arc, Mutex, MutexGuard};

/// The server's end. Dropped, it is closed.
#[derive(Debug)]
pub(crate) struct TcpStream(Arc<Line>);

/// The client's end. Dropped, it is closed.
#[derive(Debug)]
pub(crate) struct Client(Arc<Line>);

#[derive(Debug)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

/// What has happened on a line.
#[expect(clippy::struct_excessive_bools, reason = "each direction is open or shut for itself")]
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Bytes of the client that the server has not read.
    unread: VecDeque<u8>,
    /// Bytes that the client has sent, before the server shut this direction.
    pub(crate) sent_in_time: usize,
    client_closed: bool,
    /// All that the server has sent.
    pub(crate) replies: Vec<u8>,
    /// How many of them the client has read.
    taken: usize,
    /// Bytes that the server's send buffer still takes.
    room: usize,
    read_shut: bool,
    /// The FIN of the server.
    pub(crate) write_shut: bool,
    /// The server had something to send and found no room.
    sent_into_full: bool,
    /// The server had something to send and found its socket shut.
    pub(crate) sent_into_shut: bool,
    /// The server closed with bytes unread, which destroys replies that are on their way.
    pub(crate) reset: bool,
}

/// A connection whose send buffer takes `room` bytes.
pub(crate) fn connect(room: usize) -> (TcpStream, Client) {
    let state = Mutex::new(State { room, ..State::default() });
    let line = Arc::new(Line { state, changed: Condvar::new() });
    (TcpStream(Arc::clone(&line)), Client(line))
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Blocks until `is_ready`.
    fn wait(&self, is_ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while !is_ready(&state) {
            state = self.changed.wait(state).unwrap();
        }
        state
    }
}

impl State {
    fn can_be_read(&self) -> bool {
        !self.unread.is_empty() || self.client_closed || self.read_shut
    }

    fn can_be_written(&self) -> bool {
        self.room > 0 || self.write_shut
    }
}

impl TcpStream {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "it stands in for the real one")]
    pub(crate) fn set_read_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn set_nonblocking(&self, _: bool) -> io::Result<()> {
        Ok(())
    }
}

/// Only the I/O shim asks for it, and that is not in these builds.
impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        unreachable!("a stand-in has no descriptor")
    }
}

/// The system calls of a connection.
pub trait Wire: AsFd {
    /// One `recv`, which blocks.
    fn recv(&self, buffer: &mut [u8]) -> rustix::io::Result<usize>;

    /// One `send`, which does not.
    fn send(&self, bytes: &[u8]) -> rustix::io::Result<usize>;

    /// Shuts one direction, or both.
    fn shut(&self, direction: Direction);
}

impl Wire for TcpStream {
    fn recv(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let mut state = self.0.wait(State::can_be_read);
        let count = buffer.len().min(state.unread.len());
        for (place, byte) in buffer.iter_mut().zip(state.unread.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn send(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        let mut state = self.0.state();
        if state.write_shut {
            state.sent_into_shut = true;
            return Err(Errno::PIPE);
        }
        let count = bytes.len().min(state.room);
        state.sent_into_full = count == 0;
        state.room -= count;
        state.replies.extend(&bytes[..count]);
        self.0.changed.notify_all();
        if count == 0 { Err(Errno::AGAIN) } else { Ok(count) }
    }

    fn shut(&self, direction: Direction) {
        self.0.change(|state| {
            state.read_shut |= direction != Direction::Write;
            state.write_shut |= direction != Direction::Read;
        });
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the real one asks the system")]
pub(crate) fn wait_for_room(stream: &TcpStream, _: Option<Duration>) -> io::Result<()> {
    drop(stream.0.wait(State::can_be_written));
    Ok(())
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.reset = !state.unread.is_empty();
            state.write_shut = true;
        });
    }
}

impl Client {
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.0.change(|state| {
            state.unread.extend(bytes);
            state.sent_in_time += if state.read_shut { 0 } else { bytes.len() };
        });
    }

    /// Says FIN.
    pub(crate) fn close(&self) {
        self.0.change(|state| state.client_closed = true);
    }

    /// Blocks until the server sends a byte, which makes room for another, or ends: then `None`.
    pub(crate) fn receive(&self) -> Option<u8> {
        let mut state = self.0.wait(|state| state.taken < state.replies.len() || state.write_shut);
        let byte = state.replies.get(state.taken).copied()?;
        state.taken += 1;
        state.room += 1;
        self.0.changed.notify_all();
        Some(byte)
    }

    /// Blocks until the server has something to send and no room for it.
    pub(crate) fn wait_until_full(&self) {
        drop(self.0.wait(|state| state.sent_into_full));
    }

    /// What has happened so far.
    pub(crate) fn state(&self) -> State {
        self.0.state().clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}
