//! Stacks for coroutines: one mapping for all of them, each with a guard page below it.
//!
//! A coroutine that calls too deep meets its guard, and the process ends with SIGSEGV instead of writing into another
//! stack. A page becomes memory when it is touched first, so a stack costs what its client has used of it, and address space.
//! A mapping for each stack and its guard would need two entries in the kernel's table of mappings, which has room for
//! 65,530 (`vm.max_map_count`). Guards that are installed with `madvise` (Linux 6.13) need none.

use std::cell::RefCell;
use std::io;
use std::num::NonZeroUsize;
use std::ptr;
use std::rc::Rc;

use corosensei::stack::{Stack as IsStack, StackPointer};
#[cfg(target_os = "linux")]
use rustix::mm::{Advice, madvise};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::param::page_size;

/// Address space for a stack and its guard. A conversation uses a page or two; formatting a log line or the message of a
/// panic takes some more.
const SIZE: usize = 128 * 1024;

/// `MADV_GUARD_INSTALL` of Linux 6.13; older kernels refuse it.
#[cfg(target_os = "linux")]
const GUARD_INSTALL: libc::c_int = 102;

/// Address space for a number of stacks.
#[derive(Debug)]
pub struct Stacks(Rc<Mapping>);

#[derive(Debug)]
struct Mapping {
    /// The lowest address of all.
    address: NonZeroUsize,
    count: usize,
    free: RefCell<Free>,
}

#[derive(Debug, Default)]
struct Free {
    /// Those that have been used before, and have a guard.
    returned: Vec<u32>,
    /// The first one that has never been used.
    unused: u32,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Stack {
    mapping: Rc<Mapping>,
    place: u32,
}

impl Stacks {
    /// Address space for so many.
    ///
    /// # Errors
    /// There is not enough of it.
    pub fn reserve(count: usize) -> io::Result<Stacks> {
        let count = count.min(u32::MAX as usize);
        let length = count.saturating_mul(SIZE);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses the address, so the mapping replaces nothing.
        #[expect(unsafe_code, reason = "the stacks are the model's point")]
        let mapped = unsafe { mmap_anonymous(ptr::null_mut(), length, protection, flags) };
        let mapped = mapped.map_err(|errno| {
            let error = io::Error::from(errno);
            let text = format!("no address space for {count} stacks of {SIZE} bytes: {error}");
            io::Error::new(error.kind(), text)
        })?;
        // A huge page for the top of a stack would be memory for sixteen of them. Older kernels have none to refuse.
        // SAFETY: the range is the mapping, which nobody uses yet; the advice changes no content.
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "the stacks are the model's point")]
        let _ = unsafe { madvise(mapped, length, Advice::LinuxNoHugepage) };
        let address = NonZeroUsize::new(mapped.addr()).ok_or(io::ErrorKind::OutOfMemory)?;
        mapped.expose_provenance();
        Ok(Stacks(Rc::new(Mapping { address, count, free: RefCell::default() })))
    }

    /// One that nobody uses.
    ///
    /// # Errors
    /// All are in use, or the kernel refuses a guard.
    pub fn take(&self) -> io::Result<Stack> {
        let mut free = self.0.free.borrow_mut();
        let place = match free.returned.pop() {
            Some(place) => place,
            None if (free.unused as usize) < self.0.count => {
                self.0.guard(free.unused)?;
                free.unused += 1;
                free.unused - 1
            }
            None => return Err(io::Error::other("all stacks are in use")),
        };
        Ok(Stack { mapping: Rc::clone(&self.0), place })
    }
}

impl Mapping {
    /// The lowest address of a stack, which is that of its guard.
    fn lowest(&self, place: u32) -> NonZeroUsize {
        self.address.saturating_add(place as usize * SIZE)
    }

    /// Makes the lowest page of a stack one that no access survives.
    fn guard(&self, place: u32) -> io::Result<()> {
        let page = ptr::with_exposed_provenance_mut(self.lowest(place).get());
        // SAFETY: the page lies in the mapping, below a stack that has never been used.
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "the stacks are the model's point")]
        if unsafe { libc::madvise(page, page_size(), GUARD_INSTALL) } == 0 {
            return Ok(());
        }
        // SAFETY: as above.
        #[expect(unsafe_code, reason = "the stacks are the model's point")]
        Ok(unsafe { mprotect(page, page_size(), MprotectFlags::empty()) }?)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let start = ptr::with_exposed_provenance_mut(self.address.get());
        // SAFETY: each stack holds the mapping, so none is left.
        #[expect(unsafe_code, reason = "the stacks are the model's point")]
        let _ = unsafe { munmap(start, self.count * SIZE) };
    }
}

/// Its pages stay memory, for the next client.
impl Drop for Stack {
    fn drop(&mut self) {
        self.mapping.free.borrow_mut().returned.push(self.place);
    }
}

// SAFETY: between limit and base lies one stack of the mapping, which nobody else gets before this one is dropped; its
// lowest page is a guard.
#[expect(unsafe_code, reason = "the stacks are the model's point")]
unsafe impl IsStack for Stack {
    fn base(&self) -> StackPointer {
        self.mapping.lowest(self.place).saturating_add(SIZE)
    }

    fn limit(&self) -> StackPointer {
        self.mapping.lowest(self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stack_has_its_own_addresses_and_is_used_again() {
        let stacks = Stacks::reserve(2).unwrap();
        let (first, second) = (stacks.take().unwrap(), stacks.take().unwrap());
        assert_eq!(first.limit().get() % page_size(), 0);
        assert_eq!(first.base(), second.limit(), "one lies beside the other");
        assert!(stacks.take().is_err(), "both are in use");
        let limit = first.limit();
        drop(first);
        assert_eq!(stacks.take().unwrap().limit(), limit);
    }

    #[test]
    fn address_space_that_there_is_not_is_refused_with_the_number_of_stacks() {
        let error = Stacks::reserve(usize::MAX).unwrap_err().to_string();
        assert!(error.starts_with("no address space for 4294967295 stacks"), "{error}");
    }

    /// Without running into it: the kernel reads the page on behalf of this test, or says that nobody may.
    #[cfg(target_os = "linux")]
    #[test]
    fn below_each_stack_there_is_a_guard_and_above_it_memory() {
        use std::fs::{self, File};
        use std::os::unix::fs::FileExt;

        let memory = File::open("/proc/self/mem").unwrap();
        let stacks = Stacks::reserve(3).unwrap();
        for stack in [stacks.take().unwrap(), stacks.take().unwrap(), stacks.take().unwrap()] {
            let guard = stack.limit().get();
            let is_readable = |address: usize| memory.read_exact_at(&mut [0], address as u64).is_ok();
            // An older kernel's guard is a mapping without permissions, and the kernel itself may read it.
            let maps = fs::read_to_string("/proc/self/maps").unwrap();
            let is_forbidden =
                maps.lines().any(|line| line.starts_with(&format!("{guard:x}-")) && line.contains(" ---p"));
            assert!(is_forbidden || !is_readable(guard), "the lowest page is no guard");
            assert!(is_readable(guard + page_size()) && is_readable(stack.base().get() - 1));
        }
    }
}
