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

/// Whether the connection is over, so that nobody would take an answer: the client has reset it, or it was shut in both
/// directions here. A client that has only closed its own side still waits.
pub fn is_gone(socket: impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Errors and hang-ups are reported though nothing is asked for.
    let mut asked = [PollFd::new(&socket, PollFlags::empty())];
    retry_on_intr(|| poll(&mut asked, Some(&now))).is_ok_and(|reported| reported > 0)
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
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_client_that_has_closed_its_side_still_waits_and_one_that_has_reset_the_connection_does_not() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        (&client).write_all(b"7").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        while !ask(&server, Question::Unread) {}
        assert!(!is_gone(&server));
        (&server).read_to_end(&mut Vec::new()).unwrap();
        assert!(!is_gone(&server));
        // Closed at once, a socket resets its connection.
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        while !is_gone(&server) {}
    }

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
