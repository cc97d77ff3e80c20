//! What one thread does with its connections: wait for events, read and verify, write what is due.
//!
//! The worker knows nothing of the order of the phases; the engine sets what is to happen (`loading`, the
//! tally's window) and lets it turn. Per message it makes one read, one write and its share of an
//! `epoll_wait`, reads the clock once and allocates nothing. Sockets are watched for edges, in both
//! directions from the beginning: level-triggered, the kernel would look at each socket a second time.

use std::os::fd::OwnedFd;
use std::time::Instant;

use anyhow::Context;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use crate::connection::{Connection, Failure, Received};
use crate::open::OpenLoop;
use crate::outcome::ErrorKind;
use crate::stamp::Stamp;
use crate::tally::Tally;

/// One read takes at most this much, and each event one read, so that no connection starves the others.
const BUFFER_BYTES: usize = 64 * 1024;

/// What every socket is watched for.
const INTEREST: EventFlags =
    EventFlags::IN.union(EventFlags::OUT).union(EventFlags::RDHUP).union(EventFlags::ET);

/// Events taken from the kernel at once; more wait for the next call.
const EVENTS: usize = 1024;

pub(crate) struct Worker<'message> {
    /// Which of the workers, from 0.
    pub(crate) index: usize,
    epoll: OwnedFd,
    /// By token; `None` once ended or given up.
    pub(crate) connections: Vec<Option<Connection<'message>>>,
    /// How many of them are left.
    open: usize,
    /// How many have not been greeted yet.
    pub(crate) ungreeted: usize,
    /// Messages sent and not answered yet, on all connections together.
    pub(crate) in_flight: u64,
    pub(crate) tally: Tally,
    pub(crate) depth: u64,
    /// Whether a completed message of a closed loop is followed by a new one.
    pub(crate) loading: bool,
    /// Present in an open loop.
    pub(crate) open_loop: Option<OpenLoop>,
    buffer: Box<[u8]>,
    /// The newest reading of the clock.
    pub(crate) now: Instant,
}

impl<'message> Worker<'message> {
    pub(crate) fn new(
        index: usize,
        connections: Vec<Connection<'message>>,
        tally: Tally,
        depth: u64,
        mut open_loop: Option<OpenLoop>,
    ) -> anyhow::Result<Self> {
        let now = Instant::now();
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot create an epoll instance")?;
        for (token, connection) in connections.iter().enumerate() {
            epoll::add(&epoll, connection.stream(), EventData::new_u64(token as u64), INTEREST)
                .context("cannot watch a connection with epoll")?;
            if let Some(open_loop) = open_loop.as_mut().filter(|_| connection.greeted()) {
                open_loop.joins(token, now);
            }
        }
        Ok(Worker {
            index,
            epoll,
            open: connections.len(),
            ungreeted: connections.iter().filter(|connection| !connection.greeted()).count(),
            connections: connections.into_iter().map(Some).collect(),
            in_flight: 0,
            tally,
            depth,
            loading: false,
            open_loop,
            buffer: vec![0; BUFFER_BYTES].into(),
            now,
        })
    }

    /// Handles events until `deadline`, or until `done` or until no connection is left.
    pub(crate) fn turn_until(
        &mut self,
        deadline: Instant,
        done: impl Fn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        self.now = Instant::now();
        while self.now < deadline && self.open > 0 && !done(self) {
            let wake = self.wake_up(deadline);
            let timeout = Timespec::try_from(wake.saturating_duration_since(self.now))
                .context("a wait is out of range")?;
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("waiting for readiness with epoll failed"),
            }
            self.now = Instant::now();
            for event in events.drain(..) {
                let (flags, token) = (event.flags, event.data.u64());
                if let Ok(token) = usize::try_from(token) {
                    self.handle(token, flags);
                }
                self.send_due();
            }
            self.send_due();
        }
        Ok(())
    }

    /// Until when to wait for events. The clock is read again if it matters: what was done since the last
    /// reading took its time.
    fn wake_up(&mut self, deadline: Instant) -> Instant {
        let Some(due) = self.next_due() else { return deadline };
        self.now = Instant::now();
        due.min(deadline)
    }

    /// Reads, then writes: a server that waits for us to read is always relieved first.
    fn handle(&mut self, token: usize, ready: EventFlags) {
        if ready.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) {
            let room = self.receive(token, ready);
            if self.loading && room > 0 && self.open_loop.is_none() {
                return self.send(token, room, Stamp::now(self.now));
            }
        }
        let now = self.now;
        self.with(token, |connection| connection.flush(now));
    }

    /// Reads, verifies and counts. Returns how many new messages this makes room for.
    fn receive(&mut self, token: usize, ready: EventFlags) -> u64 {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::as_mut) else { return 0 };
        let (was_greeted, was_served) = (connection.greeted(), connection.served());
        let received = connection.receive(&mut self.buffer);
        self.now = Instant::now();
        let greeted_now = !was_greeted && connection.greeted();
        if greeted_now {
            self.ungreeted -= 1;
            if let Some(open_loop) = &mut self.open_loop {
                open_loop.joins(token, self.now);
            }
        }
        if !was_served && connection.served() {
            self.tally.served += 1;
        }
        match received {
            Ok(Received::Reply { bytes, replies, more }) => {
                self.tally.arrived(bytes);
                let before = self.in_flight;
                self.in_flight -= replies;
                if let Some(open_loop) = &mut self.open_loop {
                    open_loop.answered(before, self.in_flight, self.now);
                }
                for stamp in connection.complete(replies) {
                    self.tally.completed(&stamp, self.now);
                }
                if more || ready.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) {
                    self.look_again(token);
                }
                return if greeted_now { self.depth } else { replies };
            }
            Ok(Received::Nothing) => {}
            Ok(Received::End) => self.remove(token),
            Err(failure) => self.fail(token, failure),
        }
        0
    }

    /// Puts `messages` more messages in flight.
    pub(crate) fn send(&mut self, token: usize, messages: u64, stamp: Stamp) {
        let Some(connection) = &mut self.connections[token] else { return };
        connection.queue(messages, stamp);
        self.in_flight += messages;
        let now = self.now;
        self.with(token, |connection| connection.flush(now));
    }

    /// Asks for another event if there is more to read: an edge is told only once.
    fn look_again(&mut self, token: usize) {
        let Some(connection) = &self.connections[token] else { return };
        let data = EventData::new_u64(token as u64);
        if let Err(error) = epoll::modify(&self.epoll, connection.stream(), data, INTEREST) {
            let detail = format!("watching the connection with epoll failed: {error}");
            self.fail(token, Failure { kind: ErrorKind::Io, detail });
        }
    }

    /// Does something that writes, and gives the connection up if it fails.
    pub(crate) fn with(
        &mut self,
        token: usize,
        action: impl FnOnce(&mut Connection<'message>) -> Result<(), Failure>,
    ) {
        let Some(connection) = &mut self.connections[token] else { return };
        if let Err(failure) = action(connection) {
            self.fail(token, failure);
        }
    }

    pub(crate) fn fail(&mut self, token: usize, failure: Failure) {
        self.tally.failed(failure.kind, || failure.detail);
        self.remove(token);
    }

    /// Gives a connection up whose server was waited for long enough: how long its messages have waited is
    /// known, and counted.
    pub(crate) fn give_up(&mut self, token: usize) {
        self.now = Instant::now();
        if let Some(connection) = self.take(token) {
            for stamp in connection.unanswered() {
                self.tally.censored(stamp, self.now);
            }
        }
    }

    /// Closes the socket, which also takes it out of epoll.
    pub(crate) fn remove(&mut self, token: usize) {
        if let Some(connection) = self.take(token) {
            for stamp in connection.unanswered() {
                self.tally.lost(stamp);
            }
        }
    }

    fn take(&mut self, token: usize) -> Option<Connection<'message>> {
        let connection = self.connections[token].take()?;
        self.open -= 1;
        self.in_flight -= connection.in_flight();
        self.tally.unfinished += connection.in_flight();
        if !connection.greeted() {
            self.ungreeted -= 1;
        }
        Some(connection)
    }
}
