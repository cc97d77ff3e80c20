//! Clients that do not expect an answer: they disconnect, flood, or stay silent.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{Visitor, reset};
use crate::soak::behaviour::Behaviour;
use crate::soak::plan::{IDLE_TIMEOUT, PATIENCE, WRITE_TIMEOUT};

/// How many connections one turn makes, for behaviours that end immediately.
const BURST: usize = 10;
/// From one byte of a trickle to the next.
const TRICKLE_EVERY: Duration = Duration::from_millis(20);
/// If no byte can be sent for this long, the server is blocked in writing.
const NO_ROOM: Duration = Duration::from_millis(50);
/// More than the kernel keeps for such a client.
const FLOOD_AT_MOST: usize = 16 << 20;

impl Visitor<'_> {
    pub(super) fn reset(&mut self) -> io::Result<()> {
        for _ in 0..BURST {
            let stream = self.connect(Behaviour::Reset)?;
            let beginning = self.plan.dialect.beginning(&mut self.random);
            // It may already be closed; then there is nothing to reset.
            let _ = (&stream).write_all(&beginning);
            if self.random.bool() {
                thread::yield_now();
            }
            reset(stream);
        }
        Ok(())
    }

    /// The first answer shows that the number behind it is in work, or waits for that.
    pub(super) fn leave_at_work(&mut self) -> io::Result<()> {
        for _ in 0..BURST {
            let mut stream = self.connect(Behaviour::LeaveAtWork)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let resets = self.random.bool();
            // After a FIN the number in work is tested to its end.
            stream.write_all(if resets { b"7\n18446744073709551557\n" } else { b"7\n1000000000039\n" })?;
            let mut answer = [0; b"prime\n".len()];
            stream.read_exact(&mut answer)?;
            if answer != *b"prime\n" {
                return Err(io::Error::other(format!(
                    "7 is answered {:?}",
                    answer.escape_ascii().to_string()
                )));
            }
            if resets { reset(stream) } else { drop(stream) }
        }
        Ok(())
    }

    pub(super) fn vanish(&mut self) -> io::Result<()> {
        for _ in 0..BURST {
            drop(self.connect(Behaviour::Vanish)?);
        }
        Ok(())
    }

    /// Nothing on the wire shows the server that this client no longer reads.
    pub(super) fn deaf(&mut self) -> io::Result<()> {
        let mut stream = self.connect(Behaviour::Deaf)?;
        let _ = stream.shutdown(Shutdown::Read); // it may already be closed
        for _ in 0..100 {
            if stream.write_all(self.plan.dialect.question()).is_err() {
                break; // the server has closed, which is allowed
            }
        }
        Ok(())
    }

    pub(super) fn never_read(&mut self) -> io::Result<()> {
        let mut stream = self.connect_narrow(Behaviour::NeverRead)?;
        // A busy server may notice late; then this client closes by itself.
        let end = Instant::now() + WRITE_TIMEOUT * 2;
        let flood = self.plan.dialect.flood();
        while Instant::now() < end && fill(&mut stream, &flood)? {}
        Ok(())
    }

    pub(super) fn reset_blocked(&mut self) -> io::Result<()> {
        let mut stream = self.connect_narrow(Behaviour::ResetBlocked)?;
        fill(&mut stream, &self.plan.dialect.flood())?;
        reset(stream);
        Ok(())
    }

    pub(super) fn trickle(&mut self) -> io::Result<()> {
        let mut stream = self.connect(Behaviour::Trickle)?;
        let end = Instant::now() + self.plan.sit;
        for &byte in self.plan.dialect.question().iter().cycle() {
            if Instant::now() >= end || stream.write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(TRICKLE_EVERY);
        }
        Ok(())
    }

    pub(super) fn idle_crowd(&mut self) -> io::Result<()> {
        let crowd: io::Result<Vec<TcpStream>> =
            (0..self.plan.crowd).map(|_| self.connect(Behaviour::IdleCrowd)).collect();
        let crowd = crowd?;
        match crowd.last() {
            Some(last) if self.plan.crowd_may_stay && self.random.u8(..4) == 0 => {
                wait_for_idle_timeout(last)?;
            }
            _ => thread::sleep(self.plan.sit),
        }
        for stream in crowd {
            if self.random.bool() { reset(stream) } else { drop(stream) }
        }
        Ok(())
    }
}

/// Sends until no more can be sent. Returns whether the connection is still open.
fn fill(stream: &mut TcpStream, flood: &[u8]) -> io::Result<bool> {
    stream.set_write_timeout(Some(NO_ROOM))?;
    for _ in 0..FLOOD_AT_MOST / flood.len() {
        match stream.write(flood) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(true);
            }
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Waits for the greeting and then for the idle timeout to end the connection, by a FIN or a reset.
fn wait_for_idle_timeout(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_TIMEOUT * 2))?;
    while stream.read(&mut [0; 16]).is_ok_and(|count| count > 0) {}
    Ok(())
}
