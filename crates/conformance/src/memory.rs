//! Watching the server's memory while a client makes it hard to stay small.

use std::thread;

use crate::case::{Failure, require};
use crate::process::Process;

/// What one connection may hold in user memory while its reply waits for a slow reader.
pub(crate) const PER_CONNECTION: u64 = 64 << 10;

/// What may come on top, once and not per connection: pages that a code path touches for the first
/// time. A model with threads pays for one more thread: its stack (the receive buffer among it), its
/// guard and signal stack, and the first pages of its allocator's arena.
const ONCE: u64 = 128 << 10;

/// A thread that serves a connection for the first time touches a receive buffer of its own. A connection
/// that moves between threads comes to as many of them as can run at the same time.
const PER_RUNNING_THREAD: u64 = 64 << 10;

/// The growth of a process's anonymous memory since the watch began. Without a process it sees nothing.
#[derive(Debug)]
pub(crate) struct MemoryWatch {
    process: Option<Process>,
    start: u64,
    peak: u64,
    /// What may come on top of the connections' shares.
    allowance: u64,
}

impl MemoryWatch {
    pub(crate) fn start(process: Option<Process>) -> Self {
        let start = process.and_then(Process::anonymous_memory).unwrap_or(0);
        let threads = process.and_then(Process::holdings).map_or(1, |holdings| holdings.threads);
        let running = threads.min(thread::available_parallelism().map_or(1, usize::from));
        let allowance = ONCE + PER_RUNNING_THREAD * running as u64;
        MemoryWatch { process, start, peak: start, allowance }
    }

    /// Takes a sample; cheap enough for a few hundred in a case.
    pub(crate) fn sample(&mut self) {
        let now = self.process.and_then(Process::anonymous_memory).unwrap_or(0);
        self.peak = self.peak.max(now);
    }

    /// Fails if a sample was more than this, and the allowance for what is touched once, above the start.
    pub(crate) fn require_growth_within(&self, bytes: u64) -> Result<(), Failure> {
        let growth = self.peak - self.start;
        let limit = bytes + self.allowance;
        require(growth <= limit, "server memory", format!("at most {} KiB more", limit >> 10), || {
            format!("{} KiB more", growth >> 10)
        })
    }
}
