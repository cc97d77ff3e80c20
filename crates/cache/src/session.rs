//! One connection without I/O: bytes and moments in, replies that are due out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use resp::{CommandDecoder, Reply};
use tracing::debug;

use crate::cache::{Cache, Then};

/// Bytes of replies that wait for a client, at most, but for the last one and the one that is being sent. Beyond that it
/// is not read.
pub const MOST_QUEUED: usize = 256 << 10;

/// Counted for each batch of replies beside its bytes.
const BATCH: usize = 64;

/// Replies that are due at one moment.
#[derive(Debug)]
pub struct Due {
    /// What to send.
    pub bytes: Vec<u8>,
    /// What follows.
    pub then: Then,
    at: Instant,
}

/// One client's requests and replies.
#[derive(Debug)]
pub struct Session {
    commands: CommandDecoder,
    replies: VecDeque<Due>,
    /// The size of `replies`.
    queued: usize,
    /// What had arrived when too much was queued, and when it will have been due.
    held: Vec<u8>,
    held_due: Instant,
    /// No command is answered any more.
    has_ended: bool,
    /// It has broken the protocol.
    is_broken: bool,
}

impl Session {
    /// A client that has sent nothing.
    #[must_use]
    pub fn new(now: Instant) -> Session {
        Session {
            commands: Cache::decoder(),
            replies: VecDeque::new(),
            queued: 0,
            held: Vec::new(),
            held_due: now,
            has_ended: false,
            is_broken: false,
        }
    }

    /// Whether to read from the client. After the end, what comes is to be discarded.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.has_ended || (self.held.is_empty() && self.has_room())
    }

    /// Takes what has arrived now. All of it becomes due together.
    pub fn receive(&mut self, bytes: &[u8], now: Instant, cache: &mut Cache) {
        let due = now + cache.delay.draw();
        self.take(bytes, due, cache);
    }

    /// The next replies to send, if they are due.
    pub fn take_due(&mut self, now: Instant, cache: &mut Cache) -> Option<Due> {
        self.next_due().filter(|due| *due <= now)?;
        let due = self.replies.pop_front()?;
        self.queued -= due.bytes.len() + BATCH;
        if !self.held.is_empty() && self.has_room() {
            let held = std::mem::take(&mut self.held);
            self.take(&held, self.held_due, cache);
        }
        Some(due)
    }

    /// When that will be; `None` if nothing waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.replies.front().map(|due| due.at)
    }

    /// The client has closed its side, or has been answered for long enough: no further command is answered. Only a client
    /// that does not read has some that are held.
    pub fn end(&mut self) {
        self.has_ended = true;
        self.held = Vec::new();
    }

    /// Nothing more will be answered.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.has_ended && self.replies.is_empty()
    }

    /// Whether the client has broken the protocol.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn has_room(&self) -> bool {
        self.queued < MOST_QUEUED
    }

    /// Answers commands until the replies are too many, and holds the rest.
    fn take(&mut self, mut input: &[u8], due: Instant, cache: &mut Cache) {
        while !self.has_ended {
            if !self.has_room() {
                self.held = input.to_vec();
                self.held_due = due;
                return;
            }
            let mut bytes = Vec::new();
            let then = match self.commands.decode(&mut input) {
                Ok(None) => return,
                Ok(Some(command)) => cache.answer(command, &mut bytes),
                Err(error) => {
                    debug!(%error, "a client breaks the protocol");
                    self.is_broken = true;
                    Reply::error(&format!("ERR Protocol error: {error}")).append_to(&mut bytes);
                    Then::Close
                }
            };
            self.has_ended = matches!(then, Then::Close | Then::Reset);
            let late = if let Then::Later(late) = then { late } else { Duration::ZERO };
            self.queue(bytes, then, due + late);
        }
    }

    /// Puts a reply behind the others; none overtakes another.
    fn queue(&mut self, bytes: Vec<u8>, then: Then, due: Instant) {
        let at = self.replies.back().map_or(due, |last| last.at.max(due));
        self.queued += bytes.len();
        match self.replies.back_mut() {
            Some(last) if last.at == at => {
                last.bytes.extend_from_slice(&bytes);
                last.then = then;
            }
            _ => {
                self.queued += BATCH;
                self.replies.push_back(Due { bytes, then, at });
            }
        }
    }
}
