//! Which call meets which fault: drawn from a seed, counted, and bounded.

use std::fmt;
use std::os::fd::AsFd;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use rustix::io::{Errno, ioctl_fionread};

use crate::shim::operations::{Handed, Instead};

/// Refusals in a row, at most: a storm must pass, or it would be a server that hangs.
const LONGEST_STORM: u32 = 8;

/// Seeded faults at reads and writes. Clones share their source and their counters.
#[derive(Clone, Debug)]
pub struct Shim {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    random: AtomicU64,
    refusals_in_a_row: AtomicU32,
    reads: Counts,
    writes: Counts,
    operations: Operations,
}

/// Faults at operations that complete later, for the models that have these instead of reads and writes.
#[derive(Debug, Default)]
struct Operations {
    short_receives: AtomicU64,
    single_receives: AtomicU64,
    receives_without_buffer: AtomicU64,
    cancelled_receives: AtomicU64,
    single_accepts: AtomicU64,
    short_sends: AtomicU64,
    interrupted_sends: AtomicU64,
    cancelled_sends: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts {
    short: AtomicU64,
    blocked: AtomicU64,
    interrupted: AtomicU64,
}

/// How many faults of each kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Reads that were cut, so that they left bytes in the socket.
    pub short_reads: u64,
    /// Reads that failed as if they would block.
    pub blocked_reads: u64,
    /// Reads that failed as if a signal had interrupted them.
    pub interrupted_reads: u64,
    /// Writes that were cut.
    pub short_writes: u64,
    /// Writes that failed as if they would block.
    pub blocked_writes: u64,
    /// Writes that failed as if a signal had interrupted them.
    pub interrupted_writes: u64,
}

impl Shim {
    /// Faults by this seed: the same ones for the same sequence of calls, so in models of one thread.
    #[must_use]
    pub fn new(seed: u64) -> Shim {
        Shim {
            inner: Arc::new(Inner {
                random: AtomicU64::new(seed),
                refusals_in_a_row: AtomicU32::new(0),
                reads: Counts::default(),
                writes: Counts::default(),
                operations: Operations::default(),
            }),
        }
    }

    /// The faults so far.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let Inner { reads, writes, .. } = &*self.inner;
        Faults {
            short_reads: reads.short.load(Relaxed),
            blocked_reads: reads.blocked.load(Relaxed),
            interrupted_reads: reads.interrupted.load(Relaxed),
            short_writes: writes.short.load(Relaxed),
            blocked_writes: writes.blocked.load(Relaxed),
            interrupted_writes: writes.interrupted.load(Relaxed),
        }
    }

    pub(super) fn before_read<'buffer>(
        &self,
        socket: impl AsFd,
        buffer: &'buffer mut [u8],
    ) -> Result<&'buffer mut [u8], Errno> {
        self.refuse_some(&self.inner.reads)?;
        // A cut is a fault only if it leaves something behind.
        let waiting = ioctl_fionread(socket).map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(0));
        let length = self.cut_some(waiting.min(buffer.len()), &self.inner.reads).unwrap_or(buffer.len());
        Ok(&mut buffer[..length])
    }

    pub(super) fn before_write<'bytes>(&self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], Errno> {
        self.refuse_some(&self.inner.writes)?;
        let length = self.cut_some(bytes.len(), &self.inner.writes).unwrap_or(bytes.len());
        Ok(&bytes[..length])
    }

    /// No client is harmed by any of these: an operation that has failed so is asked for again.
    pub(super) fn before_operation(&self, operation: Handed) -> Option<Instead> {
        let counts = &self.inner.operations;
        let faults: &[(&AtomicU64, Instead)] = match operation {
            Handed::Receive => &[
                (&counts.short_receives, Instead::Short),
                (&counts.single_receives, Instead::Once),
                (&counts.receives_without_buffer, Instead::Error(Errno::NOBUFS)),
                (&counts.cancelled_receives, Instead::Error(Errno::CANCELED)),
            ],
            Handed::Accept => &[(&counts.single_accepts, Instead::Once)],
            Handed::Send => &[
                (&counts.short_sends, Instead::Short),
                (&counts.interrupted_sends, Instead::Error(Errno::INTR)),
                (&counts.cancelled_sends, Instead::Error(Errno::CANCELED)),
            ],
            // Each would let one part more come of a client that is not read.
            Handed::Cancel => return None,
        };
        // Half of them, so that each storm passes; accept is asked for once, unless it ends.
        let random = self.random();
        let is_one = random.is_multiple_of(2) || operation == Handed::Accept;
        let (count, fault) = is_one.then(|| faults[(random >> 1) as usize % faults.len()])?;
        count.fetch_add(1, Relaxed);
        Some(fault)
    }

    /// One call in eight begins a storm, and in a storm seven in eight continue it.
    fn refuse_some(&self, counts: &Counts) -> Result<(), Errno> {
        let so_far = self.inner.refusals_in_a_row.load(Relaxed);
        let random = self.random();
        let refused_of_eight = if so_far == 0 { 1 } else { 7 };
        if so_far >= LONGEST_STORM || random % 8 >= refused_of_eight {
            self.inner.refusals_in_a_row.store(0, Relaxed);
            return Ok(());
        }
        self.inner.refusals_in_a_row.store(so_far + 1, Relaxed);
        if (random >> 3).is_multiple_of(4) {
            counts.interrupted.fetch_add(1, Relaxed);
            return Err(Errno::INTR);
        }
        counts.blocked.fetch_add(1, Relaxed);
        Err(Errno::AGAIN)
    }

    /// Cuts a third of those that can be cut, to a length from 1.
    fn cut_some(&self, length: usize, counts: &Counts) -> Option<usize> {
        let random = self.random();
        if length < 2 || !random.is_multiple_of(3) {
            return None;
        }
        counts.short.fetch_add(1, Relaxed);
        let most = length as u64 - 1;
        usize::try_from(1 + (random / 3) % most).ok()
    }

    /// `SplitMix64`: any number of threads may draw from it, each number comes once.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.inner.random.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

impl FromStr for Shim {
    type Err = std::num::ParseIntError;

    fn from_str(seed: &str) -> Result<Self, Self::Err> {
        seed.parse().map(Shim::new)
    }
}

impl fmt::Display for Shim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = &self.inner.operations;
        let kinds = [
            ("short receives", &operations.short_receives),
            ("single receives", &operations.single_receives),
            ("receives without a buffer", &operations.receives_without_buffer),
            ("cancelled receives", &operations.cancelled_receives),
            ("single accepts", &operations.single_accepts),
            ("short sends", &operations.short_sends),
            ("interrupted sends", &operations.interrupted_sends),
            ("cancelled sends", &operations.cancelled_sends),
        ];
        if kinds.iter().any(|(_, count)| count.load(Relaxed) > 0) {
            let kinds = kinds.map(|(kind, count)| format!("{kind} {}", count.load(Relaxed)));
            return write!(formatter, "injected: {}", kinds.join(", "));
        }
        let faults = self.faults();
        write!(
            formatter,
            "injected: short reads {}, blocked reads {}, interrupted reads {}, \
             short writes {}, blocked writes {}, interrupted writes {}",
            faults.short_reads,
            faults.blocked_reads,
            faults.interrupted_reads,
            faults.short_writes,
            faults.blocked_writes,
            faults.interrupted_writes
        )
    }
}
