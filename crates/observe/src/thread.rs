//! The usage of the calling thread so far.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::proc::{self, Folder};

/// CPU time of the calling thread so far, user and system.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // A thread's CPU time is not negative, and its nanoseconds are below a second.
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// How long the calling thread has been runnable without a CPU so far, in nanoseconds; `None` if the kernel does not
/// report it.
pub fn run_queue_wait_ns() -> Option<u64> {
    proc::schedule(&Folder::of_this_thread().text("schedstat").ok()?).map(|(_, waited)| waited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_reads_its_own_use() {
        let before = cpu_time();
        while cpu_time() == before {}
        assert!(cpu_time() > before);
    }
}
