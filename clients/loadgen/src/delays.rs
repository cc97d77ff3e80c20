//! Waiting for a time, for many connections at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Connections that wait, all equally long: who came first is due first.
#[derive(Debug)]
pub(crate) struct Delays {
    delay: Duration,
    waiting: VecDeque<(Instant, usize)>,
}

impl Delays {
    /// For at most `capacity` connections at once; more would cost an allocation.
    pub(crate) fn new(delay_ms: u64, capacity: usize) -> Self {
        Delays { delay: Duration::from_millis(delay_ms), waiting: VecDeque::with_capacity(capacity) }
    }

    pub(crate) fn push(&mut self, token: usize, now: Instant) {
        self.waiting.push_back((now + self.delay, token));
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// A connection that has waited long enough by `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        if self.next_due()? <= now { self.pop() } else { None }
    }

    pub(crate) fn pop(&mut self) -> Option<usize> {
        self.waiting.pop_front().map(|(_, token)| token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_due_after_the_delay_in_the_order_of_arrival() {
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
