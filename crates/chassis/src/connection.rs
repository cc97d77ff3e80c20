//! One connection of a model that blocks: a socket with timeouts that the drain can wake.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown as Direction, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;
use tracing::{debug, error, trace};

use crate::shared::Shared;
use crate::socket::Socket;
use crate::sync::Arc;
use crate::system::{TcpStream, send, wait_for};
use crate::{Outcome, Progress, Tick};

/// One admitted connection, owned by the thread that serves it.
#[derive(Debug)]
pub struct Connection {
    shared: Arc<Shared>,
    socket: Arc<Socket>,
    key: usize,
    peer: SocketAddr,
    answered_bytes: u64,
    progress: Progress,
    outcome: Outcome,
}

impl Connection {
    /// Counts a client that has been accepted, and gives it a place in the table unless `limit` have one.
    pub(crate) fn admit(
        shared: &Arc<Shared>,
        (stream, peer): (TcpStream, SocketAddr),
        limit: usize,
    ) -> Option<Connection> {
        trace!(%peer, "accepted");
        shared.counters.accept();
        let socket = Arc::new(Socket::new(stream));
        let Some(key) = shared.insert(&socket, limit) else {
            shared.counters.close(Outcome::Rejected);
            debug!(%peer, limit, "rejected: as many connections as may be are open");
            return None;
        };
        let progress = Progress::new(socket.last_activity());
        let shared = Arc::clone(shared);
        Some(Connection {
            shared,
            socket,
            key,
            peer,
            answered_bytes: 0,
            progress,
            outcome: Outcome::Rejected,
        })
    }

    /// Holds the conversation with the client, then closes the connection in good order and counts how it
    /// ended. An error or a panic in the conversation ends this connection only.
    ///
    /// If the server has begun to stop before the conversation has, the client is not served at all: it
    /// is closed without a greeting and so knows that nothing was answered.
    pub fn run(mut self, converse: impl FnOnce(&mut Connection) -> io::Result<()>) {
        if self.shared.shutdown.is_requested() {
            return;
        }
        let result = self.prepare_socket().and_then(|()| {
            catch_unwind(AssertUnwindSafe(|| converse(&mut self)))
                .unwrap_or_else(|_| Err(io::Error::other("its handler panicked")))
        });
        self.outcome = match &result {
            Ok(()) if self.socket.handshake.was_cut_owing() => Outcome::Dropped,
            Ok(()) => Outcome::Completed,
            Err(_) if self.socket.handshake.was_cut() => Outcome::Dropped,
            // With an errno it is not a timeout of ours: the kernel has given the client up.
            Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                Outcome::TimedOut
            }
            Err(_) => Outcome::Error,
        };
        if let Err(error) = result {
            debug!(peer = %self.peer, %error, "connection ended");
        }
    }

    /// Waits for bytes from the client and returns how many came; 0 when there will be no more. Whoever is in
    /// the middle of a message must get on with it.
    ///
    /// In a drain this makes the lingering close (see [`Drain`](crate::Drain)): a FIN, and what the client
    /// still sends is thrown away until it closes, too, or is cut.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] after `--idle-timeout` without a byte, or by `--progress-timeout`; a reset or
    /// another failure of this connection.
    pub fn receive(&mut self, buffer: &mut [u8], in_message: bool) -> io::Result<usize> {
        if !in_message {
            self.progress.rest();
        }
        loop {
            if self.socket.handshake.begin_receiving() {
                self.socket.shut(Direction::Write);
            }
            let received = self.read(buffer, in_message);
            let stopped = self.socket.handshake.end_receiving();
            match received {
                Ok(1..) if stopped => {}
                Ok(received) => {
                    let now = self.socket.touch();
                    self.progress.moved(received, now);
                    self.shared.options.panic_if_asked(&buffer[..received]);
                    return if received > 0 && in_message {
                        self.require_progress(now, received)
                    } else {
                        Ok(received)
                    };
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) if stopped => return Ok(0), // It has been answered in full.
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8], in_message: bool) -> io::Result<usize> {
        loop {
            let allowed = self.shared.options.before_read(&self.socket.stream, buffer);
            match allowed.and_then(|buffer| (&self.socket.stream).read(buffer)) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait_for_bytes(in_message)?,
                received => return received,
            }
        }
    }

    /// Blocks until bytes come or one of the timeouts is over. `recv` alone waits only for as long as costs
    /// nothing to watch: it cannot be given a new timeout without a system call for each message.
    fn wait_for_bytes(&mut self, in_message: bool) -> io::Result<()> {
        let (idle, progress) = (self.shared.options.idle_timeout, self.shared.options.progress_timeout);
        loop {
            if self.socket.handshake.is_stopped() {
                // It has had its FIN, and the drain has a deadline of its own.
                return wait_for(&self.socket.stream, PollFlags::IN, None).map(drop);
            }
            let now = Tick::now();
            let silent = now.since(self.socket.last_activity());
            if idle.is_over(silent) {
                return Err(timed_out("it sent nothing"));
            }
            if in_message {
                self.require_progress(now, ())?;
            }
            let until_idle = idle.duration().map(|idle| idle.saturating_sub(silent));
            let begun = now.since(self.progress.since());
            let until_slow =
                progress.duration().filter(|_| in_message).map(|time| time.saturating_sub(begun));
            if wait_for(
                &self.socket.stream,
                PollFlags::IN,
                [until_idle, until_slow].into_iter().flatten().min(),
            )? {
                return Ok(());
            }
        }
    }

    fn require_progress<T>(&mut self, now: Tick, result: T) -> io::Result<T> {
        if self.progress.is_too_slow(now, self.shared.options.progress_timeout) {
            return Err(timed_out("it got on too slowly"));
        }
        Ok(result)
    }

    /// Sends all of `reply`, in one call unless the client reads slowly.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if the client took not one byte within `--write-timeout`, or by
    /// `--progress-timeout`; a reset or another failure of this connection.
    pub fn send_all(&mut self, mut reply: &[u8]) -> io::Result<()> {
        while !reply.is_empty() {
            // Not a blocking call with `SO_SNDTIMEO`: that one returns what little it has sent when its
            // time is over, so that a client that reads nothing gets the whole time again, and again.
            let allowed = self.shared.options.before_write(reply);
            match allowed.and_then(|reply| send(&self.socket.stream, reply, SendFlags::DONTWAIT)) {
                Ok(sent) => {
                    self.answered_bytes += sent as u64;
                    let now = self.socket.touch();
                    self.progress.moved(sent, now);
                    reply = &reply[sent..];
                }
                Err(Errno::AGAIN) => self.wait_for_room()?,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Blocks until there may be room. The kernel reports room only once a third of the send buffer is free,
    /// which may take a slow reader longer than any timeout; but it accepts bytes as soon as some have been
    /// taken. So each time that is reported or that it is time for a look, sending is simply tried again.
    fn wait_for_room(&mut self) -> io::Result<()> {
        let now = Tick::now();
        if self.shared.options.write_timeout.is_over(now.since(self.socket.last_activity())) {
            return Err(timed_out("it read nothing"));
        }
        self.require_progress(now, ())?;
        wait_for(&self.socket.stream, PollFlags::OUT, self.shared.options.look_interval()).map(drop)
    }

    fn prepare_socket(&self) -> io::Result<()> {
        let stream = &self.socket.stream;
        // Linux alone does not hand the listener's non-blocking mode down to an accepted socket.
        #[cfg(not(target_os = "linux"))]
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(self.shared.options.look_interval())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.remove(self.key);
        self.shared.counters.answer(self.answered_bytes);
        self.shared.counters.close(self.outcome);
        if self.outcome == Outcome::Dropped {
            error!(peer = %self.peer, "reply cut off at the drain deadline");
        }
    }
}

fn timed_out(what: &str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("{what} for too long"))
}
