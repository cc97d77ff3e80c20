//! Bulk traffic over one connection, verified as it arrives.
//!
//! A flow sends one [`Pattern`] repeatedly and verifies the replies in place, so it needs no more memory for 8 GiB than
//! for 8 KiB. It can send and receive at the same time, at any pace, or send without reading; it counts how many reply
//! bytes are due for what has been sent.

mod pattern;

use std::thread;
use std::time::{Duration, Instant};

use protocol::Verifier;
use rustix::event::PollFlags;

use crate::client::{Client, Ending, Incoming, Outgoing};
use crate::failure::{Failure, require};

pub(crate) use pattern::Pattern;

/// The most bytes to move in one turn; zero pauses that direction for the turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) send: usize,
    pub(crate) receive: usize,
}

impl Pace {
    /// As fast as possible in both directions.
    pub(crate) const FULL: Pace = Pace { send: CHUNK, receive: CHUNK };
}

/// More than the kernel buffers for one connection, in both directions and at both ends (Linux: at most 4 MiB to send
/// and 6 to 32 MiB to receive).
pub(crate) const BUFFERED_AT_MOST: u64 = 64 << 20;

/// When the socket has been full for this long, the server is considered to have stopped reading. If it was only slow,
/// a case becomes easier for it, never harder.
const BLOCKED: Duration = Duration::from_millis(200);

/// The most that one call moves.
const CHUNK: usize = 64 << 10;

/// A pattern that is sent over one connection. The connection is not greeted yet.
#[derive(Debug)]
pub(crate) struct Flow<'pattern> {
    client: Client,
    pattern: &'pattern Pattern,
    verifier: Verifier<'pattern>,
    sent: u64,
    buffer: Vec<u8>,
}

impl<'pattern> Flow<'pattern> {
    pub(crate) fn new(client: Client, pattern: &'pattern Pattern) -> Self {
        let verifier = Verifier::new(&pattern.reply);
        Flow { client, pattern, verifier, sent: 0, buffer: vec![0; CHUNK] }
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Bytes sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Reply bytes received so far, all of them correct.
    pub(crate) fn received(&self) -> u64 {
        self.verifier.received()
    }

    /// Reply bytes that are due for all sent bytes.
    pub(crate) fn owed(&self) -> u64 {
        self.sent / self.pattern.len() * self.pattern.reply.len() as u64 + self.pattern.owed[self.position()]
    }

    /// Sends and receives until `total` bytes are sent; calls `pace` before each turn.
    pub(crate) fn send_all(&mut self, total: u64, pace: impl FnMut(&Self) -> Pace) -> Result<(), Failure> {
        self.pump(total, pace, |flow| flow.sent == total)
    }

    /// Sends and receives until `total` bytes are sent and answered.
    pub(crate) fn exchange_all(
        &mut self,
        total: u64,
        pace: impl FnMut(&Self) -> Pace,
    ) -> Result<(), Failure> {
        self.pump(total, pace, |flow| flow.sent == total && flow.received() == flow.owed())
    }

    /// Stops sending and receives until the whole reply has arrived.
    pub(crate) fn receive_all(&mut self, pace: impl FnMut(&Self) -> Pace) -> Result<(), Failure> {
        self.exchange_all(self.sent, pace)
    }

    /// Sends without reading until the socket has been full for `quiet` (returns `true`) or the server has dropped the
    /// connection (`false`). It is a failure if the server reads `most` bytes: no reply is read, so it stores or loses
    /// them.
    pub(crate) fn send_until_blocked(&mut self, most: u64, quiet: Duration) -> Result<bool, Failure> {
        while self.sent < most {
            match self.send_some(CHUNK)? {
                Outgoing::Bytes(_) => {}
                Outgoing::Broken => return Ok(false),
                Outgoing::NoRoom => {
                    if !self.client.wait(PollFlags::OUT, quiet)? {
                        return Ok(true);
                    }
                }
            }
        }
        let expected = format!("it to stop reading before {most} bytes");
        Err(Failure::new("send without reading the replies", expected, "it read them all"))
    }

    /// Sends without reading until the server stops reading, which it must do while its replies are not read.
    pub(crate) fn block(&mut self) -> Result<(), Failure> {
        let blocked = self.send_until_blocked(BUFFERED_AT_MOST, BLOCKED)?;
        require(blocked, "send without reading the replies", "it to stop reading", || {
            format!("a connection dropped after {} bytes", self.sent)
        })
    }

    /// Sends as much as the socket takes, at most this much.
    pub(crate) fn send_some(&mut self, at_most: usize) -> Result<Outgoing, Failure> {
        let start = self.position();
        let end = self.pattern.request.len().min(start + at_most);
        let outgoing = self.client.send_now(&self.pattern.request[start..end])?;
        if let Outgoing::Bytes(count) = outgoing {
            let whole_before = self.sent.div_ceil(self.pattern.len());
            self.sent += count as u64;
            self.verifier.owe(self.sent.div_ceil(self.pattern.len()) - whole_before);
        }
        Ok(outgoing)
    }

    /// Receives and verifies what has arrived, at most this much.
    pub(crate) fn receive_some(&mut self, at_most: usize) -> Result<Incoming, Failure> {
        let room = self.buffer.len().min(at_most);
        let incoming = self.client.read_now(&mut self.buffer[..room])?;
        if let Incoming::Bytes(count) = incoming {
            let checked = self.verifier.check(&self.buffer[..count]);
            checked.map_err(|mismatch| {
                Failure::new("verify the reply", "exactly the due bytes", mismatch.to_string())
            })?;
        }
        Ok(incoming)
    }

    /// Receives until this many reply bytes in total have arrived.
    pub(crate) fn receive_up_to(&mut self, received: u64) -> Result<(), Failure> {
        let pace = |flow: &Self| {
            let left = usize::try_from(received - flow.received()).unwrap_or(usize::MAX);
            Pace { send: 0, receive: left.min(CHUNK) }
        };
        self.pump(self.sent, pace, |flow| flow.received() >= received)
    }

    /// Receives and verifies until the stream ends.
    pub(crate) fn receive_until_end(&mut self, patience: Duration) -> Result<Ending, Failure> {
        loop {
            match self.receive_some(CHUNK)? {
                Incoming::Bytes(_) => {}
                Incoming::End(ending) => return Ok(ending),
                Incoming::NothingYet => {
                    if !self.client.wait(PollFlags::IN, patience)? {
                        let got = format!("silence for {patience:?} after {}", self.progress());
                        return Err(Failure::new("end of stream", "the end", got));
                    }
                }
            }
        }
    }

    /// The progress as text.
    pub(crate) fn progress(&self) -> String {
        format!("{} of {} reply bytes ({} bytes sent)", self.received(), self.owed(), self.sent)
    }

    /// How many bytes of the current request have been sent.
    fn position(&self) -> usize {
        usize::try_from(self.sent % self.pattern.len()).unwrap_or(0) // the request is in memory, so its length fits
    }

    fn pump(
        &mut self,
        total: u64,
        mut pace: impl FnMut(&Self) -> Pace,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Failure> {
        let patience = self.client.patience();
        let mut last_progress = Instant::now();
        while !done(self) {
            let Pace { send, receive } = pace(self);
            let left = usize::try_from(total - self.sent).unwrap_or(usize::MAX);
            let mut interest = PollFlags::empty();
            interest.set(PollFlags::OUT, send.min(left) > 0);
            interest.set(PollFlags::IN, receive > 0);
            if interest.is_empty() {
                thread::sleep(TURN); // both directions are paused
                last_progress = Instant::now();
                continue;
            }
            if !self.client.wait(interest, TURN)? {
                if receive == 0 {
                    last_progress = Instant::now(); // the server may be waiting for us to read
                } else if last_progress.elapsed() > patience {
                    let got = format!("no progress for {patience:?} after {}", self.progress());
                    return Err(Failure::new(
                        "exchange",
                        format!("{total} bytes to be sent and answered"),
                        got,
                    ));
                }
                continue;
            }
            last_progress = Instant::now();
            if interest.contains(PollFlags::OUT) && self.send_some(send.min(left))? == Outgoing::Broken {
                let got = format!("a connection dropped after {}", self.progress());
                return Err(Failure::new("exchange", format!("{total} bytes to be sent and answered"), got));
            }
            if interest.contains(PollFlags::IN)
                && let Incoming::End(ending) = self.receive_some(receive)?
            {
                let got = format!("its end ({ending:?}) after {}", self.progress());
                return Err(Failure::new("exchange", "the stream to continue", got));
            }
        }
        Ok(())
    }
}

/// How long a turn waits for readiness before `pace` is called again.
const TURN: Duration = Duration::from_millis(5);
