//! The cache for an event loop, without I/O: bytes and moments in, bytes and results out.

use std::collections::VecDeque;
use std::fmt::Display;
use std::time::Instant;

use prime::Verdict;
use resp::{Reply, ReplyDecoder, append_command};

use crate::policy::{Health, TIMEOUT, Trouble, key, parse, value};

/// The largest reply that is understood; a verdict has some bytes, an error a line.
const LARGEST_REPLY: usize = 4 * 1024;

/// Questions to the cache, one behind the other on one connection, and their results. Each question has a token, by which
/// the loop knows whose it is: a client's key, a callback.
///
/// What the loop does:
///
/// - if [`wants_connection`](Self::wants_connection), it begins to connect, without blocking and with `TCP_NODELAY`, and says
///   so ([`connecting`](Self::connecting)); then [`connected`](Self::connected), or [`broken`](Self::broken);
/// - once connected it sends what is [`unsent`](Self::unsent) and passes on what it [receives](Self::receive);
/// - at the [`deadline`](Self::deadline) it [looks](Self::look);
/// - it takes the [results](Self::next_done), and closes the connection if that is [down](Self::is_down).
///
/// There are at most as many questions as the loop has asked; nothing is kept of one that has its result.
#[derive(Debug)]
pub struct Pipeline<T> {
    health: Health,
    link: Link,
    unsent: Vec<u8>,
    /// In the order in which they were asked, which is that of the answers.
    asked: VecDeque<Asked<T>>,
    done: VecDeque<Done<T>>,
    decoder: ReplyDecoder,
}

/// A result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What the question was asked with.
    pub token: T,
    /// What a lookup has found. `None` if the number must be tested, and for a store, whether or not the cache took it.
    pub found: Option<Verdict>,
}

#[derive(Debug)]
struct Asked<T> {
    token: T,
    is_lookup: bool,
    deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Connecting,
    Up,
}

impl<T> Pipeline<T> {
    /// Nothing is asked yet, and nothing connected.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a connection to nowhere is no default")]
    pub fn new() -> Pipeline<T> {
        Pipeline {
            health: Health::new(),
            link: Link::Down,
            unsent: Vec::new(),
            asked: VecDeque::new(),
            done: VecDeque::new(),
            decoder: ReplyDecoder::new(LARGEST_REPLY),
        }
    }

    /// Asks what is stored about the number.
    pub fn get(&mut self, number: u64, token: T, now: Instant) {
        self.ask(&[b"GET", key(number).as_bytes()], token, true, now);
    }

    /// Stores what a test has found. A test that was stopped has found nothing.
    pub fn store(&mut self, number: u64, verdict: Verdict, token: T, now: Instant) {
        self.ask(&[b"SET", key(number).as_bytes(), value(verdict)], token, false, now);
    }

    fn ask(&mut self, command: &[&[u8]], token: T, is_lookup: bool, now: Instant) {
        if self.health.allows(now) {
            append_command(command, &mut self.unsent);
            self.asked.push_back(Asked { token, is_lookup, deadline: now + TIMEOUT });
        } else {
            self.done.push_back(Done { token, found: None });
        }
    }

    /// The next result. Those of lookups and stores come in the order of the answers.
    pub fn next_done(&mut self) -> Option<Done<T>> {
        self.done.pop_front()
    }

    /// Whether there is a [result](Self::next_done).
    #[must_use]
    pub fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is something to ask and no connection.
    #[must_use]
    pub fn wants_connection(&self) -> bool {
        self.link == Link::Down && !self.asked.is_empty()
    }

    /// The loop has begun to connect.
    pub fn connecting(&mut self) {
        self.link = Link::Connecting;
    }

    /// The connection is made.
    pub fn connected(&mut self) {
        self.link = Link::Up;
    }

    /// Whether there is no connection, not even a coming one: what the loop may still have of one is to be closed.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.link == Link::Down
    }

    /// What is to be sent now.
    #[must_use]
    pub fn unsent(&self) -> &[u8] {
        if self.link == Link::Up { &self.unsent } else { b"" }
    }

    /// So many of these bytes have been sent.
    pub fn sent(&mut self, count: usize) {
        self.unsent.drain(..count);
    }

    /// Bytes have come from the cache.
    pub fn receive(&mut self, mut bytes: &[u8], now: Instant) {
        loop {
            match self.decoder.decode(&mut bytes) {
                Ok(None) => return,
                Ok(Some(reply)) => {
                    let Some(Asked { token, is_lookup, .. }) = self.asked.pop_front() else {
                        return self.broken("it answers what nobody has asked", now);
                    };
                    let found = self.understand(reply, is_lookup, now);
                    self.done.push_back(Done { token, found });
                }
                Err(error) => return self.broken(error, now),
            }
        }
    }

    fn understand(&mut self, reply: Reply, is_lookup: bool, now: Instant) -> Option<Verdict> {
        let found = match reply {
            Reply::Error(line) => Err(Trouble::Refused(format!("-{}", line.escape_ascii()))),
            Reply::Bulk(value) if is_lookup => parse(&value).map(Some),
            Reply::Nil if is_lookup => Ok(None),
            Reply::Simple(line) if !is_lookup && line == b"OK" => Ok(None),
            other => Err(Trouble::nonsense(format!("{other:?}").as_bytes())),
        };
        let epoch = self.health.epoch();
        match found {
            Ok(found) => {
                self.health.answered(epoch);
                found
            }
            Err(trouble) => {
                self.health.failed(epoch, &trouble, now);
                None
            }
        }
    }

    /// The connection cannot be made, or has ended.
    pub fn broken(&mut self, cause: impl Display, now: Instant) {
        self.fail(&Trouble::Broken(cause.to_string()), now);
    }

    /// When to [look](Self::look) next, if no answer comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.asked.front().map(|asked| asked.deadline)
    }

    /// Gives up if the answer to the oldest question is late. The others stand behind it.
    pub fn look(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.fail(&Trouble::Slow, now);
        }
    }

    /// Whatever has been asked has no answer.
    fn fail(&mut self, trouble: &Trouble, now: Instant) {
        self.health.failed(self.health.epoch(), trouble, now);
        self.done.extend(self.asked.drain(..).map(|Asked { token, .. }| Done { token, found: None }));
        self.unsent.clear();
        self.decoder = ReplyDecoder::new(LARGEST_REPLY);
        self.link = Link::Down;
    }
}

#[cfg(test)]
mod tests;
