//! Megabytes over one connection, verified as they arrive.
//!
//! A flow sends one [`Pattern`] again and again and checks the replies in place, so it needs no more
//! memory for 8 GiB than for 8 KiB. It can send and receive at the same time, at any pace, or send
//! while it never reads; at any moment it knows how many reply bytes are owed for what has been sent.

use std::thread;
use std::time::{Duration, Instant};

use protocol::{END, START, Session, Verifier};
use rustix::event::PollFlags;

use crate::case::{Failure, require};
use crate::client::{Client, Ending, Incoming, Outgoing};

/// A request of one or more whole frames, and its reply.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    request: Vec<u8>,
    reply: Vec<u8>,
    /// How many reply bytes the first bytes of a request are owed, for each number of them.
    owed: Vec<u64>,
}

impl Pattern {
    /// Frames of this many random payload bytes each: whatever is lost, doubled or moved, shows.
    pub(crate) fn random(random: &mut fastrand::Rng, frames: usize, payload: usize) -> Self {
        let mut request = Vec::with_capacity(frames * (payload + 2));
        for _ in 0..frames {
            request.push(START);
            request.extend((0..payload).map(|_| match random.u8(..) {
                END => b'x', // the one byte that a payload cannot hold
                byte => byte,
            }));
            request.push(END);
        }
        let mut reply = Vec::new();
        let mut owed = vec![0];
        let mut session = Session::new();
        for &byte in &request {
            reply.extend(session.step(byte));
            owed.push(reply.len() as u64);
        }
        Pattern { request, reply, owed }
    }

    /// Bytes of one request.
    pub(crate) fn len(&self) -> u64 {
        self.request.len() as u64
    }
}

/// How much may move in one turn; zero closes that direction for the turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gait {
    pub(crate) send: usize,
    pub(crate) receive: usize,
}

impl Gait {
    /// As fast as it goes, both ways.
    pub(crate) const FULL: Gait = Gait { send: CHUNK, receive: CHUNK };
}

/// More than the kernel keeps for one connection: the buffers of both ends and both directions at their
/// largest (Linux: 4 MiB to send and 6 to 32 MiB to receive) with room to spare.
pub(crate) const BUFFERED_AT_MOST: u64 = 64 << 20;

/// Without room to send for this long, the server is taken to have stopped reading. If it was only slow,
/// a case is easier for it than meant, never harder.
const BLOCKED: Duration = Duration::from_millis(200);

/// The most that one call moves.
const CHUNK: usize = 64 << 10;

/// A pattern on its way over one connection, which it greets like any other.
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

    /// Reply bytes received so far, all of them right.
    pub(crate) fn received(&self) -> u64 {
        self.verifier.received()
    }

    /// Reply bytes that all sent bytes together must be answered with.
    pub(crate) fn owed(&self) -> u64 {
        self.sent / self.pattern.len() * self.pattern.reply.len() as u64 + self.pattern.owed[self.position()]
    }

    /// Sends and receives until `total` bytes are sent, `gait` being asked before each turn.
    pub(crate) fn send_all(&mut self, total: u64, gait: impl FnMut(&Self) -> Gait) -> Result<(), Failure> {
        self.pump(total, gait, |flow| flow.sent == total)
    }

    /// Sends and receives until `total` bytes are sent and answered.
    pub(crate) fn exchange_all(
        &mut self,
        total: u64,
        gait: impl FnMut(&Self) -> Gait,
    ) -> Result<(), Failure> {
        self.pump(total, gait, |flow| flow.sent == total && flow.received() == flow.owed())
    }

    /// Sends nothing more and receives until all that is owed has come.
    pub(crate) fn receive_all(&mut self, gait: impl FnMut(&Self) -> Gait) -> Result<(), Failure> {
        self.exchange_all(self.sent, gait)
    }

    /// Sends without reading until the server takes no more for `quiet` (`true`), or drops the connection
    /// (`false`). Taking `most` bytes is a failure: nobody reads the replies, so they are kept or lost.
    pub(crate) fn stuff(&mut self, most: u64, quiet: Duration) -> Result<bool, Failure> {
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
        let expected = format!("it to stop reading before it has taken {most} bytes");
        Err(Failure::new("send to a server whose replies nobody reads", expected, "it took them all"))
    }

    /// Sends without reading until the server stops reading, as it must while its replies wait for us, and at least
    /// the greeting has come: on a busy machine the kernel alone may have taken all of that, for a server that has
    /// not yet accepted the connection and owes it nothing.
    pub(crate) fn block(&mut self) -> Result<(), Failure> {
        let blocked = self.stuff(BUFFERED_AT_MOST, BLOCKED)?;
        require(blocked, "send to a server whose replies nobody reads", "it to stop reading", || {
            format!("a connection that is dropped after {} bytes", self.sent)
        })?;
        let patience = self.client.patience();
        require(self.client.has_something_to_read(patience)?, "greeting", "it to come", || {
            format!("silence for {patience:?}")
        })
    }

    /// Sends what there is room for, at most this much.
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

    /// Receives and verifies what is there, at most this much.
    pub(crate) fn receive_some(&mut self, at_most: usize) -> Result<Incoming, Failure> {
        let room = self.buffer.len().min(at_most);
        let incoming = self.client.read_now(&mut self.buffer[..room])?;
        if let Incoming::Bytes(count) = incoming {
            let checked = self.verifier.check(&self.buffer[..count]);
            checked.map_err(|mismatch| {
                Failure::new("verify the reply", "exactly the bytes that are owed", mismatch.to_string())
            })?;
        }
        Ok(incoming)
    }

    /// Receives until this many reply bytes in all have come.
    pub(crate) fn receive_up_to(&mut self, received: u64) -> Result<(), Failure> {
        let gait = |flow: &Self| {
            let left = usize::try_from(received - flow.received()).unwrap_or(usize::MAX);
            Gait { send: 0, receive: left.min(CHUNK) }
        };
        self.pump(self.sent, gait, |flow| flow.received() >= received)
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

    /// How far it has come, in words.
    pub(crate) fn progress(&self) -> String {
        format!("{} of {} reply bytes ({} bytes sent)", self.received(), self.owed(), self.sent)
    }

    /// How many bytes of the request that is being sent have been sent.
    fn position(&self) -> usize {
        usize::try_from(self.sent % self.pattern.len()).unwrap_or(0) // the request is in memory: it fits
    }

    fn pump(
        &mut self,
        total: u64,
        mut gait: impl FnMut(&Self) -> Gait,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Failure> {
        let patience = self.client.patience();
        let mut last_progress = Instant::now();
        while !done(self) {
            let Gait { send, receive } = gait(self);
            let left = usize::try_from(total - self.sent).unwrap_or(usize::MAX);
            let mut interest = PollFlags::empty();
            interest.set(PollFlags::OUT, send.min(left) > 0);
            interest.set(PollFlags::IN, receive > 0);
            if interest.is_empty() {
                thread::sleep(TURN); // the gait asks for a pause: nothing is waited for
                last_progress = Instant::now();
                continue;
            }
            if !self.client.wait(interest, TURN)? {
                if receive == 0 {
                    last_progress = Instant::now(); // the server may wait for us to read
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
                let got = format!("a connection that is dropped after {}", self.progress());
                return Err(Failure::new("exchange", format!("{total} bytes to be sent and answered"), got));
            }
            if interest.contains(PollFlags::IN)
                && let Incoming::End(ending) = self.receive_some(receive)?
            {
                let got = format!("its end ({ending:?}) after {}", self.progress());
                return Err(Failure::new("exchange", "the stream to go on", got));
            }
        }
        Ok(())
    }
}

/// How long a turn waits for the sockets before the gait is asked again.
const TURN: Duration = Duration::from_millis(5);
