//! When a connection may go while the server stops: one policy for all models.
//!
//! ```text
//!  SIGTERM           answer until quiet             half time: answer no more      deadline
//!  ──┼───────────────────────────────────────────────┼──────────────────────────────┼──────▶
//!    │ idle for 500 ms before: FIN, close            │ FIN, then read and discard   │ cut
//!    │ quiet for 500 ms: FIN, then read and discard  │ until the client closes      │
//!    │     until the client closes                   │                              │
//!    │ quiet, but its reply is still in the kernel: wait until it has been taken    │
//! ```
//!
//! A client that has just been greeted may have its first message on the way; closing at once would
//! take the message and lose the reply. So "answer what has been received" means: until it falls quiet.
//! It is then told with a FIN, and what it still sends is read and thrown away until it closes its side,
//! too (*lingering close*): a byte that arrives at a closed socket resets the connection, and a reset
//! destroys the part of the reply that is still on its way, which the kernel may hold by the megabyte.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionread;

use crate::{Options, Tick};

/// How long a connection must have been silent to count as done while the server drains.
///
/// Long enough for a round trip to a busy client on the same machine, and for a segment that must be sent again:
/// Linux waits for 200 ms at least before it does, so that one lost in a full machine looks like 200 ms of quiet.
const QUIET: Duration = Duration::from_millis(500);

/// What may happen to a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainStep {
    /// Keep answering it.
    Answer,
    /// It has been idle since before the drain began: send FIN and close.
    Close,
    /// Answer no more: send FIN after what is owed, then discard what it sends until it closes.
    Linger,
    /// The deadline is over: close it however it stands. `owed` says whether the kernel still holds a part of
    /// its reply.
    Cut {
        /// The client has not taken all that was sent to it.
        owed: bool,
    },
}

/// A running drain.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    began: Instant,
    answer_until: Instant,
    deadline: Instant,
}

impl Drain {
    /// How often a model should ask for the next step of its connections while it drains.
    pub const INTERVAL: Duration = Duration::from_millis(20);

    /// Begins to drain now, for at most `options.drain_timeout`.
    #[must_use]
    pub fn begin(options: &Options) -> Drain {
        let now = Instant::now();
        Drain {
            began: now,
            answer_until: now + options.drain_timeout / 2,
            deadline: now + options.drain_timeout,
        }
    }

    /// The step for a connection that last sent or took a byte at `last_activity`.
    ///
    /// Bytes that have arrived and that a busy server has not yet read are not quiet. What is owed to a
    /// quiet connection must still be sent before it is closed.
    #[must_use]
    pub fn step(&self, socket: impl AsFd, last_activity: Tick) -> DrainStep {
        let now = Instant::now();
        let silent = Tick::now().since(last_activity);
        if now >= self.deadline {
            DrainStep::Cut { owed: !has_been_taken(&socket) }
        } else if silent >= QUIET && !has_unread(&socket) {
            if !has_been_taken(&socket) {
                // A FIN would only follow the rest of the reply, and a byte of the client that meets a closed
                // socket would destroy it.
                return DrainStep::Answer;
            }
            let was_idle = silent >= QUIET + now.duration_since(self.began);
            if was_idle { DrainStep::Close } else { DrainStep::Linger }
        } else if now >= self.answer_until && (has_unread(&socket) || has_been_taken(&socket)) {
            DrainStep::Linger
        } else {
            // After half time, too, while a client that sends nothing has not taken its reply: behind a FIN nobody
            // could tell any more whether it has, and a reply cut off at the deadline would count as completed.
            DrainStep::Answer
        }
    }
}

/// Whether bytes of the client lie unread in a socket. One that cannot even say so holds nothing to wait for.
pub fn has_unread(socket: impl AsFd) -> bool {
    ioctl_fionread(socket).unwrap_or(0) > 0
}

/// Whether the client's kernel has all that was sent to it. After a FIN nobody can tell, and it counts as so.
///
/// With `TCP_NOTSENT_LOWAT` at one byte, Linux reports room only to a socket that holds nothing unsent. It slows
/// down who still sends much, so it is set only on connections that have fallen quiet, or are to be cut.
fn has_been_taken(socket: impl AsFd) -> bool {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&socket).set_tcp_notsent_lowat(1); // what is no TCP socket needs none of it
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // A socket with an error is reported, too: there is nothing to wait for.
    poll(&mut [PollFd::new(&socket, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_client_that_falls_quiet_during_the_drain_is_given_time_to_close() {
        let (_client, server) = UnixStream::pair().unwrap();
        let began = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let drain = Drain { began, ..Drain::begin(&Options::default()) };
        let ago = |millis| Tick::from_bits(Tick::now().to_bits().wrapping_sub(millis));
        assert_eq!(drain.step(&server, ago(0)), DrainStep::Answer);
        assert_eq!(drain.step(&server, ago(700)), DrainStep::Linger);
        assert_eq!(drain.step(&server, ago(60_000)), DrainStep::Close);
    }

    #[test]
    fn a_silent_connection_is_not_closed_while_bytes_lie_unread_in_it() {
        let (mut client, mut server) = UnixStream::pair().unwrap();
        let drain = Drain::begin(&Options::default());
        let long_ago = Tick::from_bits(Tick::now().to_bits().wrapping_sub(1_000));
        assert_eq!(drain.step(&server, Tick::now()), DrainStep::Answer);
        assert_eq!(drain.step(&server, long_ago), DrainStep::Close);
        client.write_all(b"^").unwrap();
        assert_eq!(drain.step(&server, long_ago), DrainStep::Answer);
        server.read_exact(&mut [0]).unwrap();
        assert_eq!(drain.step(&server, long_ago), DrainStep::Close);
    }
    /// However late the last byte of the reply was sent: the moment of half time does not matter.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_reply_that_has_not_been_taken_at_half_time_keeps_its_connection_open() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let half_time = Drain { answer_until: Instant::now(), ..Drain::begin(&Options::default()) };
        assert_eq!(half_time.step(&server, Tick::now()), DrainStep::Linger);
        server.set_nonblocking(true).unwrap();
        while server.write(&[0; 16 << 10]).is_ok() {}
        assert_eq!(half_time.step(&server, Tick::now()), DrainStep::Answer);
        let deadline = Drain { deadline: Instant::now(), ..half_time };
        assert_eq!(deadline.step(&server, Tick::now()), DrainStep::Cut { owed: true });
    }
}
