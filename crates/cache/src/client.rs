//! One client on a socket that does not block.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use chassis::{Counters, Outcome};
use conversation::{DrainStep, Moment, Tick, decide};
use socket2::SockRef;
use sockets::ready::Turn;
use sockets::{ask, now};
use tracing::debug;

use crate::cache::{Cache, Then};
use crate::faults::Fault;
use crate::session::{Due, Session};

/// After a FIN, what a client still sends is discarded for this long at most. A byte that meets a closed socket would reset
/// the connection, and destroy the last answer on its way.
const LINGER: Duration = Duration::from_secs(10);

/// Batches of replies that are sent in one turn, at most.
const BATCHES: usize = 16;

/// A client, with what of its replies is being sent.
#[derive(Debug)]
pub(crate) struct Client {
    socket: TcpStream,
    session: Session,
    /// Replies that are due, and how much of them has been sent.
    sending: Option<(Due, usize)>,
    may_read: bool,
    /// Its side is closed.
    has_closed: bool,
    /// A FIN has been sent, and until when its own is waited for.
    lingers: Option<Instant>,
    last_activity: Tick,
    /// It stands in the queue of those whose last turn was unfinished.
    pub(crate) is_queued: bool,
    /// When the loop is to come back to it.
    pub(crate) scheduled: Option<Instant>,
}

/// What a turn needs beside the client.
#[derive(Debug)]
pub(crate) struct Around<'server> {
    pub(crate) cache: &'server mut Cache,
    /// What went wrong when the turn began.
    pub(crate) fault: Fault,
    pub(crate) counters: &'server Counters,
    pub(crate) buffer: &'server mut [u8],
}

impl Client {
    pub(crate) fn new(socket: TcpStream) -> Client {
        Client {
            socket,
            session: Session::new(Instant::now()),
            sending: None,
            may_read: true,
            has_closed: false,
            lingers: None,
            last_activity: now(),
            is_queued: false,
            scheduled: None,
        }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The poller has reported it: there may be something to read.
    pub(crate) fn reported(&mut self) {
        self.may_read = true;
    }

    /// One turn: what is due is sent, what has arrived is read once. An error ends this client only.
    pub(crate) fn take_turn(&mut self, around: &mut Around<'_>) -> Turn {
        self.try_turn(around).unwrap_or_else(|error| {
            debug!(%error, "a connection failed");
            Turn::End(Outcome::Error)
        })
    }

    /// When the next turn is due although nothing is reported.
    pub(crate) fn next_turn(&self) -> Option<Instant> {
        // What is being sent waits for room, which is reported.
        if self.sending.is_some() { None } else { self.session.next_due().or(self.lingers) }
    }

    /// What the drain says of it.
    pub(crate) fn look(&mut self, moment: &Moment) -> Turn {
        let Some(drain) = &moment.drain else { return Turn::Wait };
        let is_owed = self.sending.is_some() || self.session.next_due().is_some();
        // Who waits for an answer is not quiet, however long the answer takes.
        let last_activity = if is_owed { moment.now } else { self.last_activity };
        let socket = &self.socket;
        match decide(|known| drain.step(moment.now, last_activity, known), |question| ask(socket, question)) {
            DrainStep::Answer | DrainStep::Discard => Turn::Wait,
            DrainStep::Linger if self.session.is_over() => Turn::Wait,
            DrainStep::Linger => {
                self.session.end();
                Turn::Unfinished
            }
            DrainStep::Cut { owed } if owed || is_owed => Turn::End(Outcome::Dropped),
            DrainStep::Cut { .. } | DrainStep::Close => Turn::End(self.outcome()),
        }
    }

    /// Resets the connection when it is dropped.
    pub(crate) fn reset(&self) {
        // It fails only if the connection has failed.
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }

    fn try_turn(&mut self, around: &mut Around<'_>) -> io::Result<Turn> {
        let mut turn = self.send_due(around)?;
        if turn == Turn::Wait && self.may_read && !self.has_closed && self.session.wants_input() {
            self.receive(around)?;
            turn = self.send_due(around)?;
        }
        if turn != Turn::Wait {
            return Ok(turn);
        }
        if self.session.is_over() && self.sending.is_none() && self.is_done()? {
            return Ok(Turn::End(self.outcome()));
        }
        let goes_on = self.may_read && !self.has_closed && self.session.wants_input();
        Ok(if goes_on { Turn::Unfinished } else { Turn::Wait })
    }

    /// Reads once.
    fn receive(&mut self, around: &mut Around<'_>) -> io::Result<()> {
        match self.socket.read(around.buffer) {
            Ok(0) => {
                self.has_closed = true;
                self.session.end();
            }
            Ok(count) => {
                self.last_activity = now();
                self.session.receive(&around.buffer[..count], Instant::now(), around.cache);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_read = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sends what is due, until there is no more, no more room, or others have waited for long enough.
    fn send_due(&mut self, around: &mut Around<'_>) -> io::Result<Turn> {
        for _ in 0..BATCHES {
            // What this client has asked for happens before it is told so.
            if around.cache.fault() != around.fault {
                return Ok(Turn::Unfinished);
            }
            if self.sending.is_none() {
                self.sending = self.session.take_due(Instant::now(), around.cache).map(|due| (due, 0));
            }
            let Some((due, sent)) = &mut self.sending else { return Ok(Turn::Wait) };
            while *sent < due.bytes.len() {
                match self.socket.write(&due.bytes[*sent..]) {
                    Ok(count) => {
                        *sent += count;
                        self.last_activity = now();
                        around.counters.answer(count as u64);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Wait),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if due.then == Then::Reset {
                self.reset();
                return Ok(Turn::End(Outcome::Error));
            }
            self.sending = None;
        }
        Ok(Turn::Unfinished)
    }

    /// All has been sent, and the server has no more to say: whether the client has closed its side, too.
    fn is_done(&mut self) -> io::Result<bool> {
        if self.has_closed {
            return Ok(true);
        }
        let now = Instant::now();
        let Some(until) = self.lingers else {
            self.socket.shutdown(Shutdown::Write)?;
            self.lingers = Some(now + LINGER);
            return Ok(false);
        };
        Ok(now >= until)
    }

    fn outcome(&self) -> Outcome {
        if self.session.is_broken() { Outcome::Error } else { Outcome::Completed }
    }
}
