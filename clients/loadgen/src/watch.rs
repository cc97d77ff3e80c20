//! What the kernel reports about this thread and this machine while the load runs.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of the calling thread so far, user and system.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // A thread's CPU time is not negative, and its nanoseconds are below a second.
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// How long the calling thread has waited for a CPU so far; `None` where the kernel does not report it.
pub(crate) fn run_queue_wait_ns() -> Option<u64> {
    run_queue_wait(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// The second of three numbers: running, waiting to run, times run.
fn run_queue_wait(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

/// The time that all CPUs of the machine together have spent so far, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineUse {
    total: u64,
    stolen: u64,
}

impl MachineUse {
    /// `None` where the kernel does not report it.
    pub(crate) fn now() -> Option<Self> {
        parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// The share of steal time since `before`, taken by other virtual machines on the same hardware. One tick is
    /// the counter's resolution and would be several percent of a short window, so it counts as 0.
    #[expect(clippy::cast_precision_loss, reason = "ticks of one run are far below 2^53")]
    pub(crate) fn stolen_since(self, before: Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|total| *total > 0)?;
        let stolen = self.stolen.saturating_sub(before.stolen);
        Some(if stolen > 1 { stolen as f64 / total as f64 } else { 0.0 })
    }
}

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal; the fields after these are already
/// included in the first two.
fn parse(stat: &str) -> Option<MachineUse> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    Some(MachineUse { total: ticks.iter().sum(), stolen: *ticks.get(7)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stolen_share_is_counted_between_two_readings() {
        let before = parse("cpu  100 0 100 700 50 0 40 10 5 5\ncpu0 1").unwrap();
        let after = parse("cpu  200 0 200 1400 100 0 80 20 9 9\n").unwrap();
        assert_eq!(before, MachineUse { total: 1_000, stolen: 10 });
        assert_eq!(after.stolen_since(before), Some(0.01));
        assert_eq!(before.stolen_since(before), None);
        let one_tick = MachineUse { total: 1_040, stolen: 11 };
        assert_eq!(one_tick.stolen_since(before), Some(0.0));
        assert_eq!(parse("cpu  1 2 3"), None);
    }

    #[test]
    fn a_thread_reads_its_own_cpu_time() {
        assert_eq!(run_queue_wait("627609 131 12\n"), Some(131));
        let before = thread_cpu_time();
        while thread_cpu_time() == before {}
        assert!(thread_cpu_time() > before);
    }
}
