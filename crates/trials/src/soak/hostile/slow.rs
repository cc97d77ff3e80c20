//! Slow readers: a large reply is due before they read, and in the end they get every byte.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use protocol::{GREETING, Verifier};

use super::Visitor;
use crate::soak::behaviour::Behaviour;
use crate::soak::dialect::{Dialect, Message};
use crate::soak::plan::{PATIENCE, WRITE_TIMEOUT};

/// If no byte can be sent for this long, the server is blocked in writing.
const NO_ROOM: Duration = Duration::from_millis(50);
/// How often a window closes and opens again.
const ROUNDS: usize = 3;
/// A late reader takes its reply in this many parts, with a pause before each.
const PARTS: u32 = 16;

impl Visitor<'_> {
    pub(super) fn window(&mut self) -> io::Result<()> {
        let message = self.plan.dialect.message(&mut self.random);
        let longest = self.plan.sit.min(WRITE_TIMEOUT / 4);
        let pauses: Vec<Duration> = (0..ROUNDS).map(|_| longest.mul_f64(self.random.f64())).collect();
        let mut client = Slow::new(self.connect_narrow(Behaviour::Window)?, self.plan.dialect, &message)?;
        let played = (|| {
            for pause in pauses {
                client.fill()?;
                thread::sleep(pause);
                client.read_up_to(client.owed())?;
            }
            client.finish_sending()?;
            client.expect_end()
        })();
        self.judge(&client, played)
    }

    pub(super) fn late_reader(&mut self) -> io::Result<()> {
        let message = self.plan.dialect.message(&mut self.random);
        let pause = self.plan.sit.min(WRITE_TIMEOUT) / PARTS / 2;
        let mut client = Slow::new(self.connect_narrow(Behaviour::LateReader)?, self.plan.dialect, &message)?;
        let played = (|| {
            client.fill()?;
            client.finish_sending()?;
            for part in 1..=PARTS {
                thread::sleep(pause);
                client.read_up_to(client.owed() * u64::from(part) / u64::from(PARTS))?;
            }
            client.expect_end()
        })();
        self.judge(&client, played)
    }

    /// A client that was not scheduled for longer than the server's timeouts was dropped rightly, and proves nothing. A
    /// wrong byte is wrong in any case.
    fn judge(&self, client: &Slow<'_>, played: io::Result<()>) -> io::Result<()> {
        self.tally.verified_bytes.fetch_add(client.verifier.received(), Ordering::Relaxed);
        match played {
            Err(error)
                if error.kind() != ErrorKind::InvalidData && client.longest_gap >= WRITE_TIMEOUT / 2 =>
            {
                self.tally.too_slow.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            played => played,
        }
    }
}

/// A connection, and the reply that is due to it.
struct Slow<'message> {
    stream: TcpStream,
    message: &'message Message,
    verifier: Verifier<'message>,
    sent: u64,
    has_ended: bool,
    /// The longest time from one read to the next.
    longest_gap: Duration,
    last_read: Instant,
}

impl<'message> Slow<'message> {
    /// Waits for the greeting, if there is one: only then has the server certainly accepted this client.
    fn new(mut stream: TcpStream, dialect: Dialect, message: &'message Message) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(NO_ROOM))?;
        let mut verifier = Verifier::new(&message.reply);
        // The verifier expects one of every service.
        let mut greeting = [GREETING];
        if !dialect.greeting().is_empty() {
            stream.read_exact(&mut greeting)?;
        }
        verifier.check(&greeting).map_err(wrong)?;
        let (longest_gap, last_read) = (Duration::ZERO, Instant::now());
        Ok(Slow { stream, message, verifier, sent: 0, has_ended: false, longest_gap, last_read })
    }

    /// Sends without reading until no more can be sent.
    fn fill(&mut self) -> io::Result<()> {
        let request = &self.message.request;
        let most = self.sent + self.message.most;
        while self.sent < most {
            let position = usize::try_from(self.sent % request.len() as u64).unwrap_or(0);
            match self.stream.write(&request[position..]) {
                Ok(count) => {
                    let before = self.sent.div_ceil(request.len() as u64);
                    self.sent += count as u64;
                    self.verifier.owe(self.sent.div_ceil(request.len() as u64) - before);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn finish_sending(&mut self) -> io::Result<()> {
        self.has_ended = true;
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reply bytes due for what was sent.
    fn owed(&self) -> u64 {
        self.message.owed(self.sent, self.has_ended)
    }

    /// Reads until this many reply bytes have come in total.
    fn read_up_to(&mut self, received: u64) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        while self.verifier.received() < received {
            let left = usize::try_from(received - self.verifier.received()).unwrap_or(usize::MAX);
            let room = left.min(buffer.len());
            if self.read(&mut buffer[..room])? == 0 {
                return Err(io::Error::new(
                    ErrorKind::UnexpectedEof,
                    self.progress("the stream ended after"),
                ));
            }
        }
        Ok(())
    }

    /// The end of the stream must follow the last reply byte that is due.
    fn expect_end(&mut self) -> io::Result<()> {
        self.read_up_to(self.owed())?;
        match self.read(&mut [0; 64])? {
            0 => Ok(()),
            _ => Err(io::Error::new(ErrorKind::InvalidData, self.progress("more than was due:"))),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.longest_gap = self.longest_gap.max(self.last_read.elapsed());
        let count = match self.stream.read(buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let text = self.progress(&format!("nothing came for {PATIENCE:?} after"));
                return Err(io::Error::new(ErrorKind::TimedOut, text));
            }
            count => count?,
        };
        self.last_read = Instant::now();
        self.verifier.check(&buffer[..count]).map_err(wrong)?;
        Ok(count)
    }

    fn progress(&self, what: &str) -> String {
        format!("{what} {} of {} reply bytes", self.verifier.received(), self.owed())
    }
}

fn wrong(mismatch: protocol::Mismatch) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, mismatch)
}
