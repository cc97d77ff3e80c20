//! Watching the server's memory while clients put it under pressure.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use text::units::whole_bytes;

use crate::failure::{Failure, require};
use crate::process::Process;

/// User memory that one connection may use while its reply waits for a slow reader, in bytes.
pub(crate) const PER_CONNECTION: u64 = 64 << 10;

/// A one-time allowance, not per connection, for pages that a code path touches for the first time. A model with
/// threads needs it for one more thread: its stack (including the receive buffer), its guard and signal stack, and the
/// first pages of its allocator's arena.
const ALLOWANCE: u64 = 128 << 10;

/// An allowance for each CPU: a runtime with a worker per CPU keeps a receive buffer for each, which the first long
/// read of a worker touches.
const ALLOWANCE_PER_PROCESSOR: u64 = 64 << 10;

/// The growth of a process's anonymous memory since the watch started; always 0 without a process.
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

    /// Takes a sample; cheap enough for a few hundred per case.
    pub(crate) fn sample(&mut self) {
        let now = self.process.and_then(Process::anonymous_memory).unwrap_or(0);
        self.peak = self.peak.max(now);
    }

    /// By how many bytes the largest sample exceeds the start.
    pub(crate) fn growth(&self) -> u64 {
        self.peak - self.start
    }

    /// Fails if a sample exceeded the start by more than `bytes` and the allowances.
    pub(crate) fn require_growth_within(&self, bytes: u64) -> Result<(), Failure> {
        let growth = self.growth();
        let processors = available_parallelism().map_or(1, NonZeroUsize::get) as u64;
        let limit = bytes + ALLOWANCE + processors * ALLOWANCE_PER_PROCESSOR;
        require(growth <= limit, "server memory", format!("at most {} more", whole_bytes(limit)), || {
            format!("{} more", whole_bytes(growth))
        })
    }
}
