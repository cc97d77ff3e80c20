//! Asking the kernel what only it knows of a socket.

use std::os::fd::AsFd;

use conversation::Question;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{ioctl_fionread, retry_on_intr};

/// Asks the kernel, in one or two system calls. A socket for which the call fails has nothing to wait for.
pub fn ask(socket: impl AsFd, question: Question) -> bool {
    match question {
        Question::Unread => ioctl_fionread(socket).is_ok_and(|bytes| bytes > 0),
        Question::Untaken => !has_been_taken(socket),
    }
}

/// Whether the client's kernel has all that was sent to it. After a FIN the kernel does not say, and the answer is yes.
///
/// With `TCP_NOTSENT_LOWAT` at one byte, Linux reports room only to a socket that holds nothing unsent. It slows
/// down a connection that still sends much, so it is set only on those that are quiet, or are to be cut.
fn has_been_taken(socket: impl AsFd) -> bool {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&socket).set_tcp_notsent_lowat(1); // a socket that is not TCP does not need it
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // A socket with an error is reported, too: nothing is left to wait for.
    // If interrupted it is asked again: a client that has taken everything must not count as one that has not.
    let mut asked = [PollFd::new(&socket, PollFlags::OUT)];
    retry_on_intr(|| poll(&mut asked, Some(&now))).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn bytes_are_unread_until_they_are_read() {
        let (mut client, mut server) = UnixStream::pair().unwrap();
        assert!(!ask(&server, Question::Unread));
        client.write_all(b"^").unwrap();
        assert!(ask(&server, Question::Unread));
        server.read_exact(&mut [0]).unwrap();
        assert!(!ask(&server, Question::Unread));
    }
}
