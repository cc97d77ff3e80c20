//! A set of descriptors as `select` takes it: a bit for each, up to the highest one.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use rustix::event::{FdSetElement, FdSetIter, fd_set_bound, fd_set_insert, fd_set_num_elements};

/// Descriptors, as bits.
#[derive(Default)]
pub(crate) struct Set {
    bits: Vec<FdSetElement>,
}

impl Set {
    /// Takes all out. The memory is kept for the next round.
    pub(crate) fn clear(&mut self) {
        self.bits.clear();
    }

    /// Puts a descriptor in.
    pub(crate) fn insert(&mut self, descriptor: BorrowedFd<'_>) {
        let descriptor = descriptor.as_raw_fd();
        self.bits_up_to(descriptor + 1);
        fd_set_insert(&mut self.bits, descriptor);
    }

    /// One more than its highest descriptor.
    pub(crate) fn bound(&self) -> RawFd {
        fd_set_bound(&self.bits)
    }

    /// A bit for every descriptor below the bound, for the call, which clears those that are not ready.
    pub(crate) fn bits_up_to(&mut self, bound: RawFd) -> &mut [FdSetElement] {
        let elements = fd_set_num_elements(index(bound), bound);
        if self.bits.len() < elements {
            self.bits.resize_with(elements, FdSetElement::default);
        }
        &mut self.bits
    }

    /// The descriptors that are in it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RawFd> {
        FdSetIter::new(&self.bits)
    }
}

/// Descriptors for which there is room from the start. More make the list grow, and that leaves memory behind.
const ROOM: usize = 1 << 16;

/// Whose the descriptors are: a key for each.
pub(crate) struct Owners {
    /// By descriptor; of one that is in no set, what it was before.
    keys: Vec<usize>,
}

impl Default for Owners {
    fn default() -> Owners {
        Owners { keys: Vec::with_capacity(ROOM) }
    }
}

impl Owners {
    /// The descriptor now belongs to this key.
    pub(crate) fn set(&mut self, descriptor: BorrowedFd<'_>, key: usize) {
        let place = index(descriptor.as_raw_fd());
        if self.keys.len() <= place {
            self.keys.resize(place + 1, 0);
        }
        self.keys[place] = key;
    }

    /// The key that a descriptor belongs to.
    ///
    /// # Panics
    /// It was never [set](Owners::set).
    pub(crate) fn of(&self, descriptor: RawFd) -> usize {
        self.keys[index(descriptor)]
    }
}

/// Descriptors are never negative.
fn index(descriptor: RawFd) -> usize {
    usize::try_from(descriptor).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_set_gives_back_the_descriptors_that_were_put_in_until_it_is_cleared() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut set = Set::default();
        set.insert(other.as_fd());
        set.insert(one.as_fd());
        let mut expected = [one.as_raw_fd(), other.as_raw_fd()];
        expected.sort_unstable();
        assert_eq!(set.iter().collect::<Vec<RawFd>>(), expected);
        assert_eq!(set.bound(), expected[1] + 1);
        set.clear();
        assert_eq!((set.iter().count(), set.bound()), (0, 0));
        set.insert(other.as_fd());
        assert_eq!(set.iter().collect::<Vec<RawFd>>(), [other.as_raw_fd()]);
    }

    #[test]
    fn a_descriptor_belongs_to_whom_it_was_given_last() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut owners = Owners::default();
        owners.set(other.as_fd(), 7);
        owners.set(one.as_fd(), 3);
        owners.set(other.as_fd(), 9);
        assert_eq!((owners.of(one.as_raw_fd()), owners.of(other.as_raw_fd())), (3, 9));
    }
}
