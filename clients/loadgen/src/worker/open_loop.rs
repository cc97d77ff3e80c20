//! How a worker sends what is due in an open loop.

use std::time::Instant;

use super::Worker;
use crate::open_loop::OpenLoop;

/// Messages sent in a row before the sockets are polled again: a server that is behind needs its replies read.
const BURST: usize = 64;

impl Worker<'_> {
    /// When the next message is due by the schedule.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.open_loops.iter().filter_map(|open| open.next_due(self.in_flight)).min()
    }

    /// Sends what is due by now, up to a bound.
    pub(super) fn send_due(&mut self) {
        for _ in 0..BURST {
            let Some(due) = self.next_due().filter(|due| *due <= self.now) else { return };
            let of_due = |open: &&mut OpenLoop| open.next_due(self.in_flight) == Some(due);
            let Some(open) = self.open_loops.iter_mut().find(of_due) else { return };
            let Some(token) = open.next_in_turn(|token| self.connections[token].is_some()) else { continue };
            self.now = Instant::now();
            let stamp = open.take_up(due, self.now);
            self.tally.taken_up(&stamp);
            self.send(token, 1, stamp);
        }
    }

    /// Counts the messages that are due and were not taken up as lost: no connection is left to send them on.
    pub(super) fn lose_backlog(&mut self) {
        for open in &mut self.open_loops {
            for stamp in open.backlog(self.in_flight, self.now) {
                self.tally.taken_up(&stamp);
                self.tally.lost(&stamp);
            }
        }
    }

    /// Gives up the messages that are due and were never taken up.
    pub(super) fn give_up_backlog(&mut self) {
        self.now = Instant::now();
        for open in &mut self.open_loops {
            for stamp in open.backlog(self.in_flight, self.now) {
                self.tally.unsent(&stamp, self.now);
            }
        }
    }
}
