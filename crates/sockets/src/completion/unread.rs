//! What came of clients that are not read: their receives are being cancelled, but have completed before.

use std::collections::{HashMap, VecDeque};

use super::operation::Key;

/// Parts that are to be answered later, an end as a part without bytes. It is bounded: a receive brings one part of at most
/// a buffer, and is cancelled in the next turn.
#[derive(Debug, Default)]
pub struct Unread(HashMap<Key, VecDeque<Box<[u8]>>>);

impl Unread {
    /// Whether there is one of this client.
    #[must_use]
    pub fn has(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }

    /// Keeps one more.
    pub fn keep(&mut self, key: Key, part: Box<[u8]>) {
        self.0.entry(key).or_default().push_back(part);
    }

    /// The oldest part.
    pub fn next(&mut self, key: Key) -> Option<Box<[u8]>> {
        let parts = self.0.get_mut(&key)?;
        let part = parts.pop_front();
        if parts.is_empty() {
            self.0.remove(&key);
        }
        part
    }

    /// Its client has gone.
    pub fn forget(&mut self, key: Key) {
        self.0.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_in_order_and_the_end_is_one_of_them() {
        let mut unread = Unread::default();
        unread.keep(7, b"^a".as_slice().into());
        unread.keep(7, Box::default());
        assert_eq!(unread.next(7).as_deref(), Some(b"^a".as_slice()));
        assert!(unread.has(7));
        assert_eq!(unread.next(7).as_deref(), Some(b"".as_slice()));
        assert!(!unread.has(7) && unread.next(7).is_none());
    }
}
