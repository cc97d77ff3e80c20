//! The open loop's part of a worker: what is due by the clock, and on which connection it goes out.
//!
//! What is due and cannot go out yet stays in the schedule, as a number and not as a queue: its due time
//! does not change by waiting, nothing is dropped, and nothing grows.

use std::time::Instant;

use crate::schedule::Schedule;
use crate::stamp::Stamp;
use crate::worker::Worker;

/// Messages in flight, for all workers together: some 50 MiB of stamps. A server that owes this many does
/// not keep up, and what is due then waits in the schedule.
pub(crate) const MAX_UNANSWERED: u64 = 1 << 20;

/// Messages sent in a row before replies are looked for again: a server that is behind must be relieved.
const BURST: usize = 64;

/// One worker's due times and the connections they can go to.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    schedule: Schedule,
    start: Instant,
    /// Greeted connections; those that have ended since are taken out as they are met.
    ready: Vec<usize>,
    /// Whose turn it is.
    turn: usize,
    most_unanswered: u64,
    /// Since when there have been both a connection and room for another message.
    possible: Instant,
}

impl OpenLoop {
    pub(crate) fn new(workers: usize) -> Self {
        let now = Instant::now();
        OpenLoop {
            schedule: Schedule::empty(),
            start: now,
            ready: Vec::new(),
            turn: 0,
            most_unanswered: MAX_UNANSWERED / workers as u64,
            possible: now,
        }
    }

    /// Goes by `schedule` from now on, counted from `start`.
    pub(crate) fn follow(&mut self, schedule: Schedule, start: Instant) {
        self.schedule = schedule;
        self.start = start;
    }

    /// Nothing is due from `end` on.
    pub(crate) fn cut(&mut self, end: Instant) {
        self.schedule.cut(end.saturating_duration_since(self.start));
    }

    /// A connection was greeted: from now on it takes its turns.
    pub(crate) fn joins(&mut self, token: usize, now: Instant) {
        if self.ready.is_empty() {
            self.possible = now;
        }
        self.ready.push(token);
    }

    /// Replies came, and `unanswered` messages are left in flight of those `before`.
    pub(crate) fn answered(&mut self, before: u64, unanswered: u64, now: Instant) {
        if before >= self.most_unanswered && unanswered < self.most_unanswered {
            self.possible = now;
        }
    }

    /// When to send next; `None` while that does not depend on the clock.
    pub(crate) fn next_due(&self, in_flight: u64) -> Option<Instant> {
        if !self.is_possible(in_flight) {
            return None;
        }
        Some(self.start + self.schedule.next_due()?)
    }

    fn is_possible(&self, in_flight: u64) -> bool {
        !self.ready.is_empty() && in_flight < self.most_unanswered
    }
}

impl Worker<'_> {
    /// When the next message is due by the schedule.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.open_loop.as_ref()?.next_due(self.in_flight)
    }

    /// Sends what is due by now, up to a bound.
    pub(crate) fn send_due(&mut self) {
        for _ in 0..BURST {
            let Some(due) = self.next_due().filter(|due| *due <= self.now) else { return };
            let Some(token) = self.next_in_turn() else { return };
            let Some(open) = &mut self.open_loop else { return };
            open.schedule.advance();
            self.now = Instant::now();
            let stamp = Stamp::taken_up(due, open.possible, self.now);
            self.tally.taken_up();
            self.send(token, 1, stamp);
        }
    }

    /// The connection for the next message: all that are there take turns.
    fn next_in_turn(&mut self) -> Option<usize> {
        let open = self.open_loop.as_mut()?;
        while !open.ready.is_empty() {
            open.turn %= open.ready.len();
            let token = open.ready[open.turn];
            if self.connections[token].is_some() {
                open.turn += 1;
                return Some(token);
            }
            open.ready.swap_remove(open.turn);
        }
        None
    }

    /// Gives up what is due and was never taken up.
    pub(crate) fn give_up_backlog(&mut self) {
        let Some(open) = &mut self.open_loop else { return };
        self.now = Instant::now();
        let possible = if open.is_possible(self.in_flight) { open.possible } else { self.now };
        for due in open.schedule.by_ref() {
            self.tally.unsent(&Stamp::taken_up(open.start + due, possible, self.now), self.now);
        }
    }
}
