//! Delays of equal length for many connections, and the slow readers that use them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A queue of connections that all wait for the same time, so that the first in is the first due.
#[derive(Debug)]
pub(crate) struct Delays {
    delay: Duration,
    waiting: VecDeque<(Instant, usize)>,
}

impl Delays {
    /// Has room for `capacity` connections; more cost an allocation.
    pub(crate) fn new(delay_ms: u64, capacity: usize) -> Self {
        Delays { delay: Duration::from_millis(delay_ms), waiting: VecDeque::with_capacity(capacity) }
    }

    pub(crate) fn push(&mut self, token: usize, now: Instant) {
        self.waiting.push_back((now + self.delay, token));
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Removes and returns the first connection whose delay is over at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        if self.next_due()? <= now { self.pop() } else { None }
    }

    pub(crate) fn pop(&mut self) -> Option<usize> {
        self.waiting.pop_front().map(|(_, token)| token)
    }
}

/// How a slow reader reads.
#[derive(Debug)]
pub(crate) struct SlowReading {
    /// One read takes at most this much.
    pub(crate) bytes: usize,
    /// Connections between two reads.
    pub(crate) pauses: Delays,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_due_after_the_delay_in_the_order_of_arrival() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut delays = Delays::new(10, 2);
        assert_eq!(delays.next_due(), None);
        delays.push(7, at(0));
        delays.push(3, at(2));
        assert_eq!(delays.next_due(), Some(at(10)));
        assert_eq!(delays.pop_due(at(9)), None);
        assert_eq!(
            (delays.pop_due(at(20)), delays.pop_due(at(20)), delays.pop_due(at(20))),
            (Some(7), Some(3), None)
        );
    }
}
