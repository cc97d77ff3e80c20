//! One read, one write, and every result that a socket may return.

use std::io;

use chassis::Options;
use rustix::io::Errno;

use crate::wire::Wire;

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Bytes.
    Bytes {
        /// How many.
        count: usize,
        /// Whether they filled the buffer, so that there may be more.
        filled: bool,
    },
    /// Nothing yet.
    Nothing,
    /// A fault that a test injected. No poller reports that it has passed, so take another turn.
    Refused,
    /// The client has closed its side.
    End,
}

/// How much of some bytes one write, or several, could send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How many bytes.
    pub count: usize,
    /// A fault that a test injected stopped it; see [`Received::Refused`].
    pub refused: bool,
}

/// Reads once, again if a signal interrupts it.
///
/// # Errors
/// The connection has failed.
///
/// # Panics
/// If a test has asked for it with `--panic-on`.
#[inline]
pub fn receive(options: &Options, wire: &impl Wire, buffer: &mut [u8]) -> io::Result<Received> {
    loop {
        let room = match options.before_read(wire, options.sending.room(buffer)) {
            Ok(room) => room,
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => return Ok(Received::Refused),
            Err(errno) => return Err(errno.into()),
        };
        let length = room.len();
        match wire.recv(room) {
            Ok(0) => return Ok(Received::End),
            Ok(count) => {
                options.panic_if_asked(&buffer[..count]);
                return Ok(Received::Bytes { count, filled: count == length });
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(Received::Nothing),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Writes until everything has been sent or the socket is full: in one call, unless the socket takes less, or
/// `--write-policy per-byte` asks for one call per byte.
///
/// # Errors
/// The connection has failed.
#[inline]
pub fn send(options: &Options, wire: &impl Wire, bytes: &[u8]) -> io::Result<Sent> {
    let mut count = 0;
    while count < bytes.len() {
        let allowed = match options.before_write(options.sending.next(&bytes[count..])) {
            Ok(allowed) => allowed,
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => return Ok(Sent { count, refused: true }),
            Err(errno) => return Err(errno.into()),
        };
        match wire.send(allowed) {
            Ok(sent) => count += sent,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(Sent { count, refused: false })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use chassis::{Sending, WritePolicy};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    #[test]
    fn a_read_says_whether_it_filled_its_buffer_and_when_the_stream_ends() {
        let (mut client, server) = UnixStream::pair().unwrap();
        server.set_nonblocking(true).unwrap();
        let receive = |buffer: &mut [u8]| receive(&Options::default(), &server, buffer).unwrap();
        assert_eq!(receive(&mut [0; 4]), Received::Nothing);
        client.write_all(b"abcdef").unwrap();
        assert_eq!(receive(&mut [0; 4]), Received::Bytes { count: 4, filled: true });
        assert_eq!(receive(&mut [0; 4]), Received::Bytes { count: 2, filled: false });
        drop(client);
        assert_eq!(receive(&mut [0; 4]), Received::End);
    }

    #[test]
    fn a_reply_is_one_send_or_one_for_each_byte() {
        let sends = |write_policy| {
            // Each send is a packet of its own here, and each recv takes one.
            let (packets, flags) = (SocketType::SEQPACKET, SocketFlags::NONBLOCK);
            let (client, server) = socketpair(AddressFamily::UNIX, packets, flags, None).unwrap();
            let sending = Sending { write_policy, ..Sending::default() };
            let sent = send(&Options { sending, ..Options::default() }, &server, b"bcd").unwrap();
            assert_eq!(sent, Sent { count: 3, refused: false });
            let mut buffer = [0; 8];
            std::iter::from_fn(|| client.recv(&mut buffer).ok()).collect::<Vec<usize>>()
        };
        assert_eq!(sends(None), [3]);
        assert_eq!(sends(Some(WritePolicy::PerRead)), [3]);
        assert_eq!(sends(Some(WritePolicy::PerByte)), [1, 1, 1]);
    }

    #[test]
    fn a_read_brings_no_more_than_can_be_sent_in_one_turn_byte_by_byte() {
        let (mut client, server) = UnixStream::pair().unwrap();
        client.write_all(&[b'x'; 4_000]).unwrap();
        let mut buffer = [0; 8 * 1024];
        let mut read = |write_policy| {
            let sending = Sending { write_policy, ..Sending::default() };
            receive(&Options { sending, ..Options::default() }, &server, &mut buffer).unwrap()
        };
        // There may be more, so a loop reads on.
        assert_eq!(read(Some(WritePolicy::PerByte)), Received::Bytes { count: 1024, filled: true });
        assert_eq!(read(None), Received::Bytes { count: 4_000 - 1024, filled: false });
    }

    #[test]
    fn a_write_stops_where_the_socket_is_full() {
        let (_client, server) = UnixStream::pair().unwrap();
        let megabytes = vec![0; 16 << 20];
        let sent = send(&Options::default(), &server, &megabytes).unwrap();
        assert!(sent.count > 0 && sent.count < megabytes.len() && !sent.refused, "{sent:?}");
    }
}
