//! Watching the server's memory while a client makes it hard to stay small.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use text::units::whole_bytes;

use crate::case::{Failure, require};
use crate::process::Process;

/// What one connection may hold in user memory while its reply waits for a slow reader.
pub(crate) const PER_CONNECTION: u64 = 64 << 10;

/// What may come on top, once and not per connection: pages that a code path touches for the first
/// time. A model with threads pays for one more thread: its stack (the receive buffer among it), its
/// guard and signal stack, and the first pages of its allocator's arena.
const ALLOWANCE: u64 = 128 << 10;

/// What may come on top for each processor: a runtime that has a worker on each keeps a receive buffer for
/// each, and the first long read of a worker touches it.
const ALLOWANCE_PER_PROCESSOR: u64 = 64 << 10;

/// The growth of a process's anonymous memory since the watch began. Without a process it sees nothing.
#[derive(Debug)]
pub(crate) struct MemoryWatch {
    process: Option<Process>,
    start: u64,
    peak: u64,
}

impl MemoryWatch {
    pub(crate) fn start(process: Option<Process>) -> Self {
        let start = process.and_then(Process::anonymous_memory).unwrap_or(0);
        MemoryWatch { process, start, peak: start }
    }

    /// Takes a sample; cheap enough for a few hundred in a case.
    pub(crate) fn sample(&mut self) {
        let now = self.process.and_then(Process::anonymous_memory).unwrap_or(0);
        self.peak = self.peak.max(now);
    }

    /// By how many bytes the largest sample was above the start.
    pub(crate) fn growth(&self) -> u64 {
        self.peak - self.start
    }

    /// Fails if a sample was more than this and the allowances above the start.
    pub(crate) fn require_growth_within(&self, bytes: u64) -> Result<(), Failure> {
        let growth = self.growth();
        let processors = available_parallelism().map_or(1, NonZeroUsize::get) as u64;
        let limit = bytes + ALLOWANCE + processors * ALLOWANCE_PER_PROCESSOR;
        require(growth <= limit, "server memory", format!("at most {} more", whole_bytes(limit)), || {
            format!("{} more", whole_bytes(growth))
        })
    }
}
