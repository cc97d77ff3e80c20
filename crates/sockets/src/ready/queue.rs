//! Clients that have more to do though nothing is reported.

use std::collections::VecDeque;

/// A queue of clients by their keys. Each stands in it once at most, so that it is never longer than their table.
#[derive(Debug, Default)]
pub struct Queue {
    keys: VecDeque<usize>,
    /// Whether the client with this key stands in it.
    is_queued: Vec<bool>,
}

impl Queue {
    /// How many stand in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nobody stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The client has more to do, once the others have had their turn.
    pub fn push(&mut self, key: usize) {
        if key >= self.is_queued.len() {
            self.is_queued.resize(key + 1, false);
        }
        if !std::mem::replace(&mut self.is_queued[key], true) {
            self.keys.push_back(key);
        }
    }

    /// The next one. It may have been closed meanwhile, or have had its turn, or another client may have its key: to be
    /// given a turn without need is harmless.
    pub fn pop(&mut self) -> Option<usize> {
        let key = self.keys.pop_front()?;
        self.is_queued[key] = false;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_queued_again_and_again_stands_in_the_queue_once() {
        let mut queue = Queue::default();
        for key in [3, 0, 3, 3, 0] {
            queue.push(key);
        }
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.pop(), Some(3));
        queue.push(3);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(0), Some(3), None]);
    }
}
