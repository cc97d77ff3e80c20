//! A table without holes, whose entries keep their keys.

use std::ops::{Index, IndexMut};

use slab::Slab;

/// Entries that lie side by side: a walk over all costs as much as there are now, however many there once were. The last
/// entry takes the place of one that is removed; its key stays.
#[derive(Debug)]
pub(super) struct Table<T> {
    entries: Vec<T>,
    /// The key of each entry.
    keys: Vec<u32>,
    /// By key: the place of its entry.
    places: Slab<u32>,
}

impl<T> Table<T> {
    /// With address space for so many: a table that grows leaves memory behind that it had before.
    pub(super) fn with_room_for(count: usize) -> Table<T> {
        let (entries, keys) = (Vec::with_capacity(count), Vec::with_capacity(count));
        Table { entries, keys, places: Slab::with_capacity(count) }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts an entry in at the end; its key is one that no other entry has now.
    ///
    /// # Panics
    /// There are four billion entries.
    pub(super) fn insert(&mut self, entry: T) -> usize {
        let key = self.places.insert(number(self.entries.len()));
        self.entries.push(entry);
        self.keys.push(number(key));
        key
    }

    pub(super) fn remove(&mut self, key: usize) -> Option<T> {
        let place = self.places.try_remove(key)? as usize;
        self.keys.swap_remove(place);
        if let Some(&moved) = self.keys.get(place) {
            self.places[moved as usize] = number(place);
        }
        Some(self.entries.swap_remove(place))
    }

    pub(super) fn get_mut(&mut self, key: usize) -> Option<&mut T> {
        let place = *self.places.get(key)?;
        self.entries.get_mut(place as usize)
    }

    /// All entries with their keys, in the order of their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.keys.iter().map(|&key| key as usize).zip(&self.entries)
    }

    /// The key of the entry at this place.
    pub(super) fn key_at(&self, place: usize) -> usize {
        self.keys[place] as usize
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, key: usize) -> &T {
        &self.entries[self.places[key] as usize]
    }
}

impl<T> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, key: usize) -> &mut T {
        &mut self.entries[self.places[key] as usize]
    }
}

/// Half the size of a `usize`, which makes a difference for each of many clients.
fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer entries than descriptors, which are 31 bits wide")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn entries_keep_their_keys_and_leave_no_holes_whoever_is_removed() {
        let (mut table, mut expected) = (Table::with_room_for(3), BTreeMap::new());
        let mut random = 1_u64;
        for entry in 0..2_000_u32 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if random >> 63 == 0 || table.is_empty() {
                let key = table.insert(entry);
                assert_eq!(expected.insert(key, entry), None, "the key {key} was taken");
            } else {
                let place = usize::try_from(random >> 33).unwrap() % table.len();
                let key = table.key_at(place);
                assert_eq!(table.remove(key), expected.remove(&key));
                assert_eq!(table.get_mut(key), None);
            }
            let mut found: Vec<(usize, u32)> = table.iter().map(|(key, &entry)| (key, entry)).collect();
            found.sort_unstable();
            assert_eq!(found, expected.iter().map(|(&key, &entry)| (key, entry)).collect::<Vec<_>>());
            assert_eq!(table.len(), expected.len());
        }
        assert!(expected.iter().all(|(&key, entry)| table[key] == *entry));
    }

    #[test]
    fn keys_are_taken_again_so_that_the_table_of_keys_does_not_grow() {
        let mut table = Table::with_room_for(3);
        for entry in 0..1_000 {
            let key = table.insert(entry);
            assert_eq!(table.remove(key), Some(entry));
            assert_eq!(key, 0);
        }
    }
}
