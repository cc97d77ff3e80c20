//! What one thread does with its connections: wait for readiness, read and verify, write what is due.
//!
//! This file is the readiness loop; `phases` runs it for each phase of a run. Per message the worker makes one
//! read, one write and its share of an `epoll_wait`, reads the clock once and allocates nothing. Sockets are
//! registered edge-triggered, in both directions from the start: with level-triggered events the kernel would
//! check each socket a second time.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;

use crate::alarm::{ALARM, Alarm};
use crate::churn::Churn;
use crate::connection::{Connection, Failure, Received};
use crate::delays::{Delays, SlowReading};
use crate::handle::Handle;
use crate::lanes::Asking;
use crate::open_loop::OpenLoop;
use crate::outcome::ErrorKind;
use crate::stamp::Stamp;
use crate::tally::Tally;

mod churn;
mod endings;
mod open_loop;
mod phases;
pub(crate) mod setup;
mod timed;

/// One read takes at most this much, and each event leads to one read, so that no connection starves another.
const BUFFER_BYTES: usize = 64 * 1024;

/// The events that every socket is registered for.
const INTEREST: EventFlags =
    EventFlags::IN.union(EventFlags::OUT).union(EventFlags::RDHUP).union(EventFlags::ET);

/// The longest wait without checking whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// Events taken from the kernel at once; more wait for the next call.
const EVENTS: usize = 1024;

pub(crate) struct Worker<'run> {
    /// Which of the workers, from 0.
    pub(crate) index: usize,
    /// Stops the run, and receives its progress.
    handle: &'run Handle,
    epoll: OwnedFd,
    /// Ends a wait of an untimed load.
    alarm: Alarm,
    /// Indexed by token, active ones first; `None` once ended or given up.
    connections: Vec<Option<Connection<'run>>>,
    /// How many of the tokens belong to active connections.
    active: usize,
    /// How many connections are open, or being opened.
    open: usize,
    /// How many of these are active.
    open_active: usize,
    /// How many have not been greeted yet.
    ungreeted: usize,
    /// Messages sent and not answered yet, on all connections together.
    in_flight: u64,
    pub(crate) tally: Tally,
    depth: u64,
    /// Whether a completed message of a closed loop is followed by a new one.
    loading: bool,
    /// In an open loop; several if several kinds of requests have a clock.
    open_loops: Vec<OpenLoop>,
    /// Of each lane, whether an open loop sends on it.
    by_clock: Vec<bool>,
    /// The numbers to ask; present if there are kinds of requests.
    asking: Option<Asking<'run>>,
    /// Present in churn.
    churn: Option<Churn<'run>>,
    /// Present if clients think before they send.
    thinking: Option<Delays>,
    /// Present while clients read slowly.
    slow_reading: Option<SlowReading>,
    /// Whether any action is timed.
    is_timed: bool,
    buffer: Box<[u8]>,
    /// The newest reading of the clock.
    now: Instant,
}

impl<'run> Worker<'run> {
    /// Handles events until `deadline`, until `done` returns true, or until nothing can happen any more.
    fn turn_until(&mut self, deadline: Instant, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        self.now = Instant::now();
        self.alarm.set(deadline.min(self.now + STOP_CHECK))?;
        while self.now < deadline && self.can_go_on() && !done(self) {
            let timeout = self.timeout(deadline)?;
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("waiting for readiness with epoll failed"),
            }
            if self.is_timed {
                self.now = Instant::now();
            }
            for event in events.drain(..) {
                let (flags, token) = (event.flags, event.data.u64());
                if token == ALARM {
                    self.now = Instant::now();
                    self.alarm.set(deadline.min(self.now + STOP_CHECK))?;
                } else if let Ok(token) = usize::try_from(token) {
                    self.handle(token, flags);
                }
                self.run_timed();
            }
            self.run_timed();
        }
        Ok(())
    }

    /// Whether a connection is left; for a load, an active one. In an open loop it may be another worker's: as long as
    /// messages can be sent at all, this worker's share of them falls due, too.
    fn can_go_on(&self) -> bool {
        self.handle.publish(self.index, self.tally.messages(), self.open_active);
        match (self.loading, self.open_loops.is_empty()) {
            (false, _) => self.open > 0,
            (true, true) => self.open_active > 0,
            (true, false) => self.open_active > 0 || self.handle.is_connected(),
        }
    }

    /// How long to wait for events: until the next timed action. If there is none, the alarm ends the wait.
    fn timeout(&mut self, deadline: Instant) -> anyhow::Result<Option<Timespec>> {
        let Some(due) = self.is_timed.then(|| self.next_timed()).flatten() else { return Ok(None) };
        // Time has passed since the last reading.
        self.now = Instant::now();
        let wait = due.min(deadline).saturating_duration_since(self.now);
        Ok(Some(Timespec::try_from(wait).context("the time to wait is out of range")?))
    }

    /// Reads, then writes: a server may be blocked until its replies are read.
    fn handle(&mut self, token: usize, ready: EventFlags) {
        if ready.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) {
            let room = self.receive(token, ready);
            if room > 0 && self.use_room(token, room) {
                return;
            }
        } else {
            self.now = Instant::now();
        }
        let now = self.now;
        self.with(token, |connection| connection.flush(now));
    }

    /// Sends what a greeting or a reply made room for. Returns whether pending bytes were flushed on the way.
    fn use_room(&mut self, token: usize, room: u64) -> bool {
        if self.churn.is_some() {
            self.advance_slot(token);
            return true;
        }
        if !self.loading || self.is_by_clock(token) {
            return false;
        }
        if let Some(thinking) = &mut self.thinking {
            for _ in 0..room {
                thinking.push(token, self.now);
            }
            return false;
        }
        self.send(token, room, Stamp::now(self.now));
        true
    }

    /// Whether an open loop sends on this connection.
    fn is_by_clock(&self, token: usize) -> bool {
        self.connections[token].as_ref().is_some_and(|connection| self.by_clock[connection.lane])
    }

    /// Reads, verifies and counts. Returns how many new messages this makes room for.
    fn receive(&mut self, token: usize, ready: EventFlags) -> u64 {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::as_mut) else { return 0 };
        if connection.paused {
            return 0;
        }
        let most = self.slow_reading.as_ref().map_or(BUFFER_BYTES, |reading| reading.bytes);
        let (was_greeted, was_served) = (connection.greeted(), connection.served());
        let received = connection.receive(&mut self.buffer[..most]);
        self.now = Instant::now();
        let greeted_now = !was_greeted && connection.greeted();
        if greeted_now {
            self.ungreeted -= 1;
            self.tally.greeted(connection.opened(), self.now);
            if token < self.active {
                self.open_loops.iter_mut().for_each(|open_loop| open_loop.join(token, self.now));
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
                for open_loop in &mut self.open_loops {
                    open_loop.answered(before, self.in_flight, self.now);
                }
                connection.complete(replies, |stamp, messages| {
                    self.tally.completed(stamp, messages, self.now);
                });
                let pauses = self.pause_reading(token);
                let more = more || ready.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
                if more && !pauses {
                    self.rearm(token);
                }
                return match (token < self.active, greeted_now) {
                    (false, _) => 0,
                    (true, true) => self.depth,
                    (true, false) => replies,
                };
            }
            Ok(Received::Nothing) => {}
            Ok(Received::End) => self.end(token),
            Err(failure) => self.fail(token, failure),
        }
        0
    }

    /// Puts `messages` more messages in flight.
    fn send(&mut self, token: usize, messages: u64, stamp: Stamp) {
        let Some(connection) = &mut self.connections[token] else { return };
        match &mut self.asking {
            None => connection.queue(messages, stamp),
            Some(asking) => {
                let by_clock = self.by_clock[connection.lane];
                asking.ask(connection, messages, stamp, by_clock);
            }
        }
        self.in_flight += messages;
        let now = self.now;
        self.with(token, |connection| connection.flush(now));
    }

    /// Asks for another event if there is more to read: an edge is reported only once.
    fn rearm(&mut self, token: usize) {
        let Some(connection) = &self.connections[token] else { return };
        let data = EventData::new_u64(token as u64);
        if let Err(error) = epoll::modify(&self.epoll, connection.stream(), data, INTEREST) {
            let detail = format!("watching the connection with epoll failed: {error}");
            self.fail(token, Failure { kind: ErrorKind::Io, detail });
        }
    }

    /// Performs an action that writes, and gives the connection up if it fails.
    fn with(&mut self, token: usize, action: impl FnOnce(&mut Connection<'run>) -> Result<(), Failure>) {
        let Some(connection) = &mut self.connections[token] else { return };
        if let Err(failure) = action(connection) {
            self.fail(token, failure);
        }
    }
}
