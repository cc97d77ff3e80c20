//! The buffer ring: receive buffers that all clients share. The kernel takes one when bytes have come, not before, so
//! that a client that waits holds none.

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::io;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// How many there are: a power of two. A turn takes about 20, and those of the last turn may still be on their way out.
const COUNT: u16 = 32;

/// The length of one. A client that does not read holds as much as two, rarely three: what it has not taken of its reply, and
/// what has come before its receive was cancelled. A message of 64 KiB takes two sends, and with its delimiters no third one.
pub(super) const SIZE: usize = 32 * 1024 + 16;

/// From one to the next: whole cache lines.
const STRIDE: usize = SIZE.next_multiple_of(64);

/// The name of the group; there is one in each ring.
pub(super) const GROUP: u16 = 0;

/// One buffer that the kernel has filled, until it goes back.
#[derive(Debug, PartialEq, Eq)]
pub struct Buffer {
    id: u16,
    length: usize,
}

/// All buffers, in memory that is never freed: the kernel may use it until its last operation has ended, which is after the
/// ring's descriptor is closed.
pub(super) struct Buffers {
    bytes: *mut u8,
    /// Which buffers the kernel may take, in turn.
    entries: *mut BufRingEntry,
    /// How many have been handed to the kernel so far; wraps.
    handed: u16,
}

impl Buffers {
    /// Makes the buffers, and hands all of them to the kernel.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn register(ring: &IoUring) -> io::Result<Buffers> {
        let entries = Layout::array::<BufRingEntry>(COUNT.into()).and_then(|layout| layout.align_to(4096));
        let bytes = Layout::array::<u8>(STRIDE * usize::from(COUNT)).and_then(|layout| layout.align_to(64));
        let (entries, bytes) =
            (allocate(entries.map_err(io::Error::other)?), allocate(bytes.map_err(io::Error::other)?));
        let mut buffers = Buffers { bytes, entries: entries.cast(), handed: 0 };
        // SAFETY: `entries` has room for COUNT of them, begins at a page, and is never freed.
        #[expect(unsafe_code, reason = "the kernel takes buffers from memory that it is told of")]
        unsafe {
            ring.submitter().register_buf_ring_with_flags(entries as u64, COUNT, GROUP, 0)?;
        }
        (0..COUNT).for_each(|id| buffers.recycle(Buffer { id, length: 0 }));
        Ok(buffers)
    }

    /// The buffer with which the kernel has completed a receive of so many bytes.
    pub(super) fn filled(id: u16, length: usize) -> Buffer {
        assert!(id < COUNT && length <= SIZE, "the kernel names a buffer that it does not have");
        Buffer { id, length }
    }

    /// What the kernel has received.
    pub(super) fn bytes(&mut self, buffer: &mut Buffer) -> &mut [u8] {
        let start = usize::from(buffer.id) * STRIDE;
        // SAFETY: the range lies in the allocation, which `filled` has checked. The kernel has given the buffer
        // back, and there is one `Buffer` of each number, which is borrowed here: nobody else writes or reads it.
        #[expect(unsafe_code, reason = "the kernel writes into the buffers beside this one")]
        unsafe {
            slice::from_raw_parts_mut(self.bytes.add(start), buffer.length)
        }
    }

    /// Hands a buffer back to the kernel.
    #[expect(clippy::needless_pass_by_value, reason = "it must not be used any more")]
    pub(super) fn recycle(&mut self, buffer: Buffer) {
        let place = usize::from(self.handed % COUNT);
        self.handed = self.handed.wrapping_add(1);
        // SAFETY: the place lies in the allocation. The kernel does not read it before the tail says so, which is stored
        // after it. The tail lies in the first entry, where only this function writes, and is aligned.
        #[expect(unsafe_code, reason = "the kernel reads entries and tail")]
        unsafe {
            let entry = &mut *self.entries.add(place);
            entry.set_addr(self.bytes.add(usize::from(buffer.id) * STRIDE) as u64);
            entry.set_len(u32::try_from(SIZE).unwrap_or(u32::MAX));
            entry.set_bid(buffer.id);
            let tail = BufRingEntry::tail(self.entries).cast_mut();
            AtomicU16::from_ptr(tail).store(self.handed, Ordering::Release);
        }
    }
}

/// Memory that is never freed. All of it is touched now, so that what the server takes does not grow with its messages.
fn allocate(layout: Layout) -> *mut u8 {
    // SAFETY: no layout in here has a size of zero, and what is written lies in what was allocated.
    #[expect(unsafe_code, reason = "aligned memory that the kernel may keep using")]
    unsafe {
        let memory = alloc(layout);
        if memory.is_null() {
            handle_alloc_error(layout);
        }
        memory.write_bytes(0, layout.size());
        memory
    }
}
