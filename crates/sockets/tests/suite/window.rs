//! How much a client must read before a server can see that it reads: the reason for the default of `--write-timeout`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use chassis::Options;
use socket2::SockRef;

/// The slowest readers that stay with the default timeouts, as SECURITY.md promises it: the size that the receive buffer
/// may reach (`net.ipv4.tcp_rmem`), and the bytes per second that are read.
const PROMISED: [(usize, u32); 2] = [(6 << 20, 20_000), (32 << 20, 50_000)];

/// What is transferred at full speed, in bytes.
const FAST: usize = 256 << 20;
/// Linux opens a closed window once a sixteenth of the receive buffer is free, and frees whole segments. Over loopback
/// these have up to 64 KiB; a few more are on their way.
const SEGMENTS: usize = 8 * (64 << 10);
static CHUNK: [u8; 64 << 10] = [b'x'; 64 << 10];

/// Bytes that a client with such a receive buffer may have read before the server can send more.
const fn unseen_at_most(receive_buffer: usize) -> usize {
    receive_buffer / 16 + SEGMENTS
}

/// Sends until the socket is full. Returns how many bytes it took.
fn fill(mut sender: &TcpStream) -> usize {
    let mut sent = 0;
    loop {
        match sender.write(&CHUNK) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return sent,
            Err(error) => panic!("sending failed: {error}"),
        }
    }
}

/// A connection that has carried so much at full speed that its buffers have grown.
fn after_a_fast_download() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut sender, _) = listener.accept().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..FAST / CHUNK.len()).for_each(|_| sender.write_all(&CHUNK).unwrap()));
        let mut buffer = vec![0; 1 << 20];
        let mut left = FAST;
        while left > 0 {
            left -= reader.read(&mut buffer).unwrap();
        }
    });
    sender.set_nonblocking(true).unwrap();
    (sender, reader)
}

#[test]
fn a_reader_shows_that_it_reads_after_a_small_part_of_its_receive_buffer() {
    let (sender, mut reader) = after_a_fast_download();
    fill(&sender);
    let (mut unseen, mut longest, mut seen) = (0, 0, 0);
    let mut piece = [0; 4 << 10];
    while seen < 30 {
        unseen += reader.read(&mut piece).unwrap();
        if fill(&sender) > 0 {
            (longest, unseen, seen) = (longest.max(unseen), 0, seen + 1);
        }
    }
    let receive_buffer = SockRef::from(&reader).recv_buffer_size().unwrap();
    println!(
        "receive buffer of {receive_buffer} bytes: up to {longest} bytes are read before the sender can send"
    );
    assert!(longest <= unseen_at_most(receive_buffer), "{longest} of {receive_buffer} bytes");
}

#[test]
fn the_default_timeouts_are_longer_than_a_promised_reader_seems_to_read_nothing() {
    let Options { write_timeout, progress_timeout, .. } = Options::default();
    for (receive_buffer, bytes_per_second) in PROMISED {
        let unseen = u32::try_from(unseen_at_most(receive_buffer)).unwrap();
        let silence = Duration::from_secs(1) * unseen / bytes_per_second;
        for timeout in [write_timeout, progress_timeout] {
            assert!(
                !timeout.is_over(silence),
                "{silence:?} at {bytes_per_second} bytes per second, and {timeout}"
            );
        }
    }
}
