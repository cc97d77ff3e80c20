//! A set of descriptors as `select` takes it: a bit for each, up to the highest one.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use rustix::event::{FdSetElement, FdSetIter, fd_set_bound, fd_set_insert, fd_set_num_elements};

/// Descriptors, each with the key of its owner.
#[derive(Default)]
pub(crate) struct Set {
    bits: Vec<FdSetElement>,
    /// By descriptor; meaningless for those that are not in the set.
    keys: Vec<usize>,
}

impl Set {
    /// Puts a descriptor in.
    pub(crate) fn insert(&mut self, descriptor: BorrowedFd, key: usize) {
        let descriptor = descriptor.as_raw_fd();
        self.grow(descriptor + 1);
        fd_set_insert(&mut self.bits, descriptor);
        self.keys[index(descriptor)] = key;
    }

    /// One more than its highest descriptor.
    pub(crate) fn bound(&self) -> RawFd {
        fd_set_bound(&self.bits)
    }

    /// A bit for every descriptor below the bound, for the call, which clears those that are not ready.
    pub(crate) fn bits_up_to(&mut self, bound: RawFd) -> &mut [FdSetElement] {
        self.grow(bound);
        &mut self.bits
    }

    /// The keys of those that are in it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = usize> {
        FdSetIter::new(&self.bits).map(|descriptor| self.keys[index(descriptor)])
    }

    fn grow(&mut self, bound: RawFd) {
        let elements = fd_set_num_elements(index(bound), bound);
        if self.bits.len() < elements {
            self.bits.resize_with(elements, FdSetElement::default);
        }
        if self.keys.len() < index(bound) {
            self.keys.resize(index(bound), 0);
        }
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
    fn a_set_gives_back_the_keys_that_were_put_in() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut set = Set::default();
        set.insert(other.as_fd(), 7);
        set.insert(one.as_fd(), 3);
        let mut keys: Vec<usize> = set.keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, [3, 7]);
        assert_eq!(set.bound(), one.as_raw_fd().max(other.as_raw_fd()) + 1);
    }
}
