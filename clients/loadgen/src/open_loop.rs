//! An open loop: which messages are due by the clock, and which connection each is sent on.
//!
//! A message that is due but cannot be sent yet stays in the schedule, as a number and not in a queue: its due
//! time does not change by waiting, no message is dropped, and memory does not grow.

use std::time::Instant;

use crate::lanes::Clock;
use crate::schedule::Schedule;
use crate::stamp::Stamp;

/// The most messages in flight, on all workers together: some 50 MiB of stamps. A server that owes this many
/// does not keep up; further messages wait in the schedule.
const MAX_UNANSWERED: u64 = 1 << 20;

/// One worker's due times and the connections to send on.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    clock: Clock,
    schedule: Schedule,
    start: Instant,
    /// Greeted connections. Those that have ended since are removed when their turn comes.
    ready: Vec<usize>,
    /// Index in `ready` of the connection that sends next.
    turn: usize,
    most_unanswered: u64,
    /// Since when there have been both a connection and room for another message.
    possible: Instant,
}

impl OpenLoop {
    pub(crate) fn new(clock: Clock, workers: usize) -> Self {
        let now = Instant::now();
        OpenLoop {
            clock,
            schedule: Schedule::empty(),
            start: now,
            ready: Vec::new(),
            turn: 0,
            most_unanswered: MAX_UNANSWERED / workers as u64,
            possible: now,
        }
    }

    /// The lane on whose connections it sends.
    pub(crate) fn lane(&self) -> usize {
        self.clock.lane
    }

    /// Follows `schedule` from now on; its times count from `start`.
    pub(crate) fn follow(&mut self, schedule: Schedule, start: Instant) {
        self.schedule = schedule;
        self.start = start;
    }

    /// Ends the schedule at `end`.
    pub(crate) fn cut(&mut self, end: Instant) {
        self.schedule.cut(end.saturating_duration_since(self.start));
    }

    /// Adds a connection that was greeted: messages are sent on it from now on.
    pub(crate) fn join(&mut self, token: usize, now: Instant) {
        if self.ready.is_empty() {
            self.possible = now;
        }
        self.ready.push(token);
    }

    /// Notes that replies arrived: the number of messages in flight fell from `before` to `unanswered`.
    pub(crate) fn answered(&mut self, before: u64, unanswered: u64, now: Instant) {
        if before >= self.most_unanswered && unanswered < self.most_unanswered {
            self.possible = now;
        }
    }

    /// When to send next; `None` while no connection or no room is available, or nothing more is due.
    pub(crate) fn next_due(&self, in_flight: u64) -> Option<Instant> {
        if !self.is_possible(in_flight) {
            return None;
        }
        Some(self.start + self.schedule.next_due()?)
    }

    fn is_possible(&self, in_flight: u64) -> bool {
        !self.ready.is_empty() && in_flight < self.most_unanswered
    }

    /// The connection for the next message, round-robin among those that are still open.
    pub(crate) fn next_in_turn(&mut self, is_open: impl Fn(usize) -> bool) -> Option<usize> {
        while !self.ready.is_empty() {
            self.turn %= self.ready.len();
            let token = self.ready[self.turn];
            if is_open(token) {
                self.turn += 1;
                return Some(token);
            }
            self.ready.swap_remove(self.turn);
        }
        None
    }

    /// Takes the message that is due at `due` off the schedule.
    pub(crate) fn take_up(&mut self, due: Instant, now: Instant) -> Stamp {
        self.schedule.advance();
        Stamp { kind: self.clock.kind, ..Stamp::taken_up(due, self.possible, now) }
    }

    /// Takes everything left off the schedule.
    pub(crate) fn backlog(&mut self, in_flight: u64, now: Instant) -> impl Iterator<Item = Stamp> {
        let possible = if self.is_possible(in_flight) { self.possible } else { now };
        let (start, kind) = (self.start, self.clock.kind);
        self.schedule.by_ref().map(move |due| Stamp { kind, ..Stamp::taken_up(start + due, possible, now) })
    }
}
