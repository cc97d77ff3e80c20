//! What is kept.

use std::collections::HashMap;

/// Counted for each key beside its bytes and those of its value: two allocations and a place in a table that doubles.
const ENTRY: usize = 128;

/// Values by their keys, in bounded memory.
#[derive(Debug)]
pub(crate) struct Store {
    values: HashMap<Vec<u8>, Vec<u8>>,
    used: usize,
    most: usize,
}

/// There is no room for a value.
#[derive(Debug)]
pub(crate) struct Full;

impl Store {
    /// A store that keeps this many bytes at most.
    pub(crate) fn new(most: usize) -> Store {
        Store { values: HashMap::new(), used: 0, most }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    /// Keeps a value, in place of the one that was there.
    pub(crate) fn set(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), Full> {
        let before = self.values.get(&key).map_or(0, |before| cost(&key, before));
        let used = self.used - before + cost(&key, &value);
        if used > self.most {
            return Err(Full);
        }
        self.used = used;
        self.values.insert(key, value);
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, key: &[u8]) -> bool {
        let removed = self.values.remove(key);
        self.used -= removed.as_ref().map_or(0, |value| cost(key, value));
        removed.is_some()
    }

    pub(crate) fn clear(&mut self) {
        *self = Store::new(self.most);
    }

    /// How many keys.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Bytes that are used.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Bytes that may be used.
    pub(crate) const fn most(&self) -> usize {
        self.most
    }
}

fn cost(key: &[u8], value: &[u8]) -> usize {
    ENTRY + key.len() + value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_keeps_what_it_has_and_takes_more_once_there_is_room() {
        let mut store = Store::new(2 * (ENTRY + 4));
        store.set(b"a".to_vec(), b"123".to_vec()).unwrap();
        store.set(b"b".to_vec(), b"123".to_vec()).unwrap();
        assert!(store.set(b"c".to_vec(), b"".to_vec()).is_err());
        assert!(store.set(b"b".to_vec(), b"1234".to_vec()).is_err());
        assert_eq!((store.get(b"b"), store.len()), (Some(&b"123"[..]), 2));
        store.set(b"b".to_vec(), b"321".to_vec()).unwrap();
        assert!(store.remove(b"a") && !store.remove(b"a"));
        store.set(b"c".to_vec(), b"123".to_vec()).unwrap();
        assert_eq!(store.used(), store.most());
        store.clear();
        assert_eq!((store.used(), store.len()), (0, 0));
    }
}
