//! The hostile behaviours, each a small client that is bounded in time and bytes.
//!
//! Two of them are hostile in form only: garbage and an early half-close must still be answered, so these two
//! verify every byte.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use protocol::{GREETING, Session};
use serde::Serialize;
use socket2::{Domain, SockRef, Socket, Type};

use super::plan::{IDLE_TIMEOUT, PATIENCE, Plan, WRITE_TIMEOUT};
use super::tally::Tally;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Resets in the middle of a message.
    Reset,
    /// Closes at once, with the greeting unread.
    Vanish,
    /// Sends flat out and never reads, until the server cuts it.
    NeverRead,
    /// Sends a byte now and then.
    Trickle,
    /// Sends random bytes and half-closes; verified.
    Garbage,
    /// Sends a message and half-closes at once; verified.
    HalfClose,
    /// Many connections that say nothing, then leave together or wait until the server closes them.
    IdleCrowd,
}

/// How many connections one turn of those makes that are over at once.
const BURST: usize = 10;
/// Fits into the socket buffers of both ends, so that a client may write all of it before it reads.
const LONGEST_GARBAGE: usize = 32 << 10;
/// From one byte of a trickle to the next.
const TRICKLE_EVERY: Duration = Duration::from_millis(20);

impl Behaviour {
    /// Over as soon as the server has answered, or sooner.
    pub(super) const QUICK: [Behaviour; 4] =
        [Behaviour::Reset, Behaviour::Vanish, Behaviour::Garbage, Behaviour::HalfClose];

    /// These sit with the server for a second or so.
    pub(super) const SITTING: [Behaviour; 3] =
        [Behaviour::NeverRead, Behaviour::Trickle, Behaviour::IdleCrowd];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Behaviour::Reset => "reset in a message",
            Behaviour::Vanish => "connect and vanish",
            Behaviour::NeverRead => "never read",
            Behaviour::Trickle => "trickle",
            Behaviour::Garbage => "garbage, verified",
            Behaviour::HalfClose => "half-close, verified",
            Behaviour::IdleCrowd => "idle in a crowd",
        }
    }
}

/// A hostile client, again and again.
#[derive(Debug)]
pub(super) struct Visitor<'run> {
    pub(super) address: SocketAddr,
    pub(super) plan: &'run Plan,
    pub(super) tally: &'run Tally,
    pub(super) random: fastrand::Rng,
}

impl Visitor<'_> {
    /// One turn of this behaviour. What becomes of a client that breaks off itself is nobody's error; for
    /// the others the tally keeps it.
    pub(super) fn behave(&mut self, behaviour: Behaviour) {
        let turn = match behaviour {
            Behaviour::Reset => self.reset(),
            Behaviour::Vanish => self.vanish(),
            Behaviour::NeverRead => self.never_read(),
            Behaviour::Trickle => self.trickle(),
            Behaviour::Garbage => {
                let stream = self.garbage();
                self.converse(behaviour, &stream)
            }
            Behaviour::HalfClose => {
                let mut stream = vec![b'^'];
                stream.extend((0..self.random.usize(1..1000)).map(|_| self.random.alphanumeric() as u8));
                self.converse(behaviour, &stream)
            }
            Behaviour::IdleCrowd => self.idle_crowd(),
        };
        match turn {
            // Ports and descriptors are ours.
            Err(error) if is_our_own_shortage(&error) => {
                self.tally.not_made.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.tally.failed(1, || format!("{}: {error}", behaviour.title())),
            Ok(()) => {}
        }
    }

    fn reset(&mut self) -> io::Result<()> {
        for _ in 0..BURST {
            let stream = self.connect(Behaviour::Reset)?;
            let length = self.random.usize(..64);
            // It may be closed already; then there is nothing to reset.
            let _ = (&stream).write_all(&[b"^".as_slice(), &[b'r'; 64][..length]].concat());
            if self.random.bool() {
                thread::yield_now();
            }
            reset(stream);
        }
        Ok(())
    }

    fn vanish(&mut self) -> io::Result<()> {
        for _ in 0..BURST {
            drop(self.connect(Behaviour::Vanish)?);
        }
        Ok(())
    }

    /// Small buffers and segments as on Ethernet, so that the server feels it soon.
    fn never_read(&mut self) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        socket.set_recv_buffer_size(4 << 10)?;
        socket.set_send_buffer_size(64 << 10)?;
        socket.set_tcp_mss(1460)?;
        socket.connect_timeout(&self.address.into(), PATIENCE)?;
        self.tally.connected(Behaviour::NeverRead);
        let mut stream = TcpStream::from(socket);
        stream.set_write_timeout(Some(Duration::from_millis(50)))?;
        let mut flood = [b'n'; 16 << 10];
        flood[0] = b'^';
        // The server notices late on a busy machine; this client then leaves by itself.
        let end = Instant::now() + WRITE_TIMEOUT * 2;
        while Instant::now() < end {
            match stream.write(&flood) {
                Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn trickle(&mut self) -> io::Result<()> {
        let mut stream = self.connect(Behaviour::Trickle)?;
        let end = Instant::now() + self.plan.sit;
        for &byte in b"^slowly$".iter().cycle() {
            if Instant::now() >= end || stream.write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(TRICKLE_EVERY);
        }
        Ok(())
    }

    fn idle_crowd(&mut self) -> io::Result<()> {
        let crowd: io::Result<Vec<TcpStream>> =
            (0..self.plan.crowd).map(|_| self.connect(Behaviour::IdleCrowd)).collect();
        let crowd = crowd?;
        match crowd.last() {
            Some(last) if self.plan.crowd_may_stay && self.random.u8(..4) == 0 => wait_to_be_cut(last)?,
            _ => thread::sleep(self.plan.sit),
        }
        for stream in crowd {
            if self.random.bool() { reset(stream) } else { drop(stream) }
        }
        Ok(())
    }

    fn garbage(&mut self) -> Vec<u8> {
        let length = self.random.usize(..LONGEST_GARBAGE);
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes);
        for byte in &mut bytes {
            // Random bytes alone are seldom a delimiter.
            match self.random.u8(..) {
                0..8 => *byte = b'^',
                8..12 => *byte = b'$',
                _ => {}
            }
        }
        bytes
    }

    /// Sends all, half-closes, and compares the whole reply up to its end.
    fn converse(&self, behaviour: Behaviour, bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.connect(behaviour)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut expected = vec![GREETING];
        Session::new().append_reply(bytes, &mut expected);
        stream.write_all(bytes)?;
        stream.shutdown(Shutdown::Write)?;
        let mut got = Vec::with_capacity(expected.len() + 1);
        stream.take(expected.len() as u64 + 1).read_to_end(&mut got)?;
        if got != expected {
            let same = got.iter().zip(&expected).take_while(|(one, other)| one == other).count();
            return Err(io::Error::other(format!(
                "{} bytes instead of {}, and they differ from byte {same}",
                got.len(),
                expected.len()
            )));
        }
        self.tally.verified_bytes.fetch_add(got.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn connect(&self, behaviour: Behaviour) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        self.tally.connected(behaviour);
        Ok(stream)
    }
}

/// Waits for the greeting and then for the end that the idle timeout brings, however that looks.
fn wait_to_be_cut(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_TIMEOUT * 2))?;
    while stream.read(&mut [0; 16]).is_ok_and(|count| count > 0) {}
    Ok(())
}

/// Ends a connection by a reset instead of a FIN.
fn reset(stream: TcpStream) {
    // It fails only if the connection is gone already, which is what was wanted.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    drop(stream);
}

fn is_our_own_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let own = [Errno::ADDRNOTAVAIL, Errno::MFILE, Errno::NFILE, Errno::NOBUFS];
    Errno::from_io_error(error).is_some_and(|errno| own.contains(&errno))
}
