//! The usage of a process so far (Linux).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::proc::{self, Folder};

/// A process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// CPU time of the whole process in user and in system mode, including ended threads, to the clock tick (10 ms).
    user: Duration,
    system: Duration,
    /// The same of both together to the nanosecond, where the system has a clock for it.
    precise: Option<Duration>,
    /// CPU time of each living thread, to the nanosecond.
    cpu_by_thread: BTreeMap<u32, Duration>,
    threads: u64,
    peak_memory_bytes: u64,
    anonymous_memory_bytes: u64,
    /// Context switches of all living threads: voluntary, involuntary.
    switches: (u64, u64),
}

/// The usage of a process between two readings, and its size at the second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time between the two readings, user and system.
    pub cpu_ns: u64,
    /// The source of `cpu_ns`.
    pub cpu_clock: CpuClock,
    /// The part of it in user mode, to the clock tick (10 ms): add up several runs before dividing.
    pub user_ns: u64,
    /// The part of it in system mode, with the same resolution.
    pub system_ns: u64,
    /// Its peak physical memory (`VmHWM`).
    pub peak_memory_bytes: u64,
    /// Threads at the second reading.
    pub threads: u64,
    /// Threads alive at the second reading that ran in between.
    pub busy_threads: u64,
    /// Voluntary context switches: a thread blocked.
    pub voluntary_switches: u64,
    /// Involuntary context switches: a thread was preempted.
    pub involuntary_switches: u64,
}

/// The resolution of a CPU time, the best one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuClock {
    /// The scheduler's account of the process in nanoseconds, with the threads that have ended.
    Process,
    /// The scheduler's account of each thread in nanoseconds; only in older records.
    Threads,
    /// The account of the process in clock ticks of 10 ms.
    Ticks,
}

/// Reads the process with this id.
///
/// # Errors
/// It has ended, or this system has no Linux `/proc`.
pub fn read(pid: u32) -> Result<Reading> {
    let folder = Folder::of(pid);
    let precise = process_clock(pid);
    let (user, system) = parse_ticks(&folder.text("stat")?)
        .with_context(|| format!("the CPU time of process {pid} in /proc has an unknown form"))?;
    let status = folder.text("status")?;
    let field = |name| {
        proc::field(&status, name).with_context(|| format!("the status of process {pid} has no {name}"))
    };
    let (cpu_by_thread, switches) = read_threads(&folder)?;
    Ok(Reading {
        user: ticks_to_time(user),
        system: ticks_to_time(system),
        precise,
        cpu_by_thread,
        threads: field("Threads")?,
        peak_memory_bytes: field("VmHWM")? * 1024,
        anonymous_memory_bytes: field("RssAnon")? * 1024,
        switches,
    })
}

/// The CPU time of a process so far by its own clock, see `clock_getcpuclockid(3)`; `None` if there is none.
#[cfg(target_os = "linux")]
fn process_clock(pid: u32) -> Option<Duration> {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).ok()?);
    Some(nix::time::clock_getcpuclockid(pid).ok()?.now().ok()?.into())
}

#[cfg(not(target_os = "linux"))]
fn process_clock(_: u32) -> Option<Duration> {
    None
}

/// CPU time by thread, and the context switches of all threads.
fn read_threads(folder: &Folder) -> Result<(BTreeMap<u32, Duration>, (u64, u64))> {
    // A thread may end while the others are read, and a kernel may not account per thread: then the thread is missing
    // here, and the account in ticks is used.
    let mut times = BTreeMap::new();
    let mut switches = (0, 0);
    for task in folder.tasks()? {
        let Some(thread) = task.id() else { continue };
        if let Some((ran, _)) = task.text("schedstat").ok().as_deref().and_then(proc::schedule) {
            times.insert(thread, Duration::from_nanos(ran));
        }
        if let Ok(status) = task.text("status") {
            switches.0 += proc::field(&status, "voluntary_ctxt_switches").unwrap_or(0);
            switches.1 += proc::field(&status, "nonvoluntary_ctxt_switches").unwrap_or(0);
        }
    }
    Ok((times, switches))
}

impl Reading {
    fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// CPU time of the living threads, to the nanosecond.
    pub fn thread_time(&self) -> Duration {
        self.cpu_by_thread.values().sum()
    }

    /// Resident anonymous memory: heap and stacks, without the program's own pages.
    pub fn anonymous_memory_bytes(&self) -> u64 {
        self.anonymous_memory_bytes
    }

    /// The usage since an earlier reading of the same process.
    pub fn since(&self, earlier: &Reading) -> Usage {
        let (cpu, cpu_clock) = match self.precise.zip(earlier.precise) {
            Some((cpu, earlier)) => (cpu.saturating_sub(earlier), CpuClock::Process),
            None => (self.cpu().saturating_sub(earlier.cpu()), CpuClock::Ticks),
        };
        Usage {
            cpu_ns: nanoseconds(cpu),
            cpu_clock,
            user_ns: nanoseconds(self.user.saturating_sub(earlier.user)),
            system_ns: nanoseconds(self.system.saturating_sub(earlier.system)),
            peak_memory_bytes: self.peak_memory_bytes,
            threads: self.threads,
            busy_threads: self
                .cpu_by_thread
                .iter()
                .filter(|(thread, cpu)| earlier.cpu_by_thread.get(thread) != Some(cpu))
                .count() as u64,
            voluntary_switches: self.switches.0.saturating_sub(earlier.switches.0),
            involuntary_switches: self.switches.1.saturating_sub(earlier.switches.1),
        }
    }
}

impl Usage {
    /// What a process used in this span and in a later one, which need not follow at once.
    #[must_use]
    pub fn and(self, later: Usage) -> Usage {
        Usage {
            cpu_ns: self.cpu_ns + later.cpu_ns,
            cpu_clock: self.cpu_clock.max(later.cpu_clock),
            user_ns: self.user_ns + later.user_ns,
            system_ns: self.system_ns + later.system_ns,
            peak_memory_bytes: self.peak_memory_bytes.max(later.peak_memory_bytes),
            threads: self.threads.max(later.threads),
            busy_threads: self.busy_threads.max(later.busy_threads),
            voluntary_switches: self.voluntary_switches + later.voluntary_switches,
            involuntary_switches: self.involuntary_switches + later.involuntary_switches,
        }
    }
}

/// User and system time in ticks, from `/proc/PID/stat`: fields 14 and 15.
fn parse_ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = proc::behind_name(stat)?.split_ascii_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some((user.parse().ok()?, system.parse().ok()?))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Linux reports ticks as hundredths of a second on every processor that Rust's standard library supports, independent
/// of the kernel's own tick (`USER_HZ`, see proc(5)).
const fn ticks_to_time(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (a) b (c) S 1 4711 4711 0 -1 4194560 335 0 0 0 42 17 0 0 20 0 3 0 90816 \
                        3067904 430 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";

    fn reading(cpu_ms: u64, precise_ns: Option<u64>, threads: &[(u32, u64)]) -> Reading {
        Reading {
            user: Duration::from_millis(cpu_ms / 2),
            system: Duration::from_millis(cpu_ms - cpu_ms / 2),
            precise: precise_ns.map(Duration::from_nanos),
            cpu_by_thread: threads.iter().map(|&(id, ns)| (id, Duration::from_nanos(ns))).collect(),
            threads: threads.len() as u64,
            peak_memory_bytes: 1024,
            anonymous_memory_bytes: 512,
            switches: (cpu_ms, 1),
        }
    }

    #[test]
    fn ticks_are_found_behind_a_name_with_parentheses() {
        assert_eq!(parse_ticks(STAT), Some((42, 17)));
        assert_eq!(ticks_to_time(59), Duration::from_millis(590));
        assert_eq!(parse_ticks("4711 (cut) S 1 2"), None);
        assert_eq!(parse_ticks(""), None);
    }

    #[test]
    fn the_clock_of_the_process_counts_and_ticks_where_there_is_none() {
        let usage = |before, after| {
            let threads = [(1, 400), (2, 0)];
            reading(120, after, &[(1, 1_000), (2, 0), (3, 5)]).since(&reading(50, before, &threads))
        };
        let precise = usage(Some(50_000_000), Some(120_000_605));
        assert_eq!((precise.cpu_ns, precise.cpu_clock), (70_000_605, CpuClock::Process));
        assert_eq!((precise.threads, precise.busy_threads), (3, 2));
        let ticks = usage(None, Some(120_000_605));
        assert_eq!((ticks.cpu_ns, ticks.cpu_clock), (70_000_000, CpuClock::Ticks));
    }

    #[test]
    fn two_spans_add_up_what_was_used_and_keep_the_largest_size() {
        let span = |from: u64, threads: &[(u32, u64)]| {
            reading(from + 70, Some(from * 1_000 + 7), threads).since(&reading(from, Some(from * 1_000), &[]))
        };
        let both = span(100, &[(1, 1), (2, 1)]).and(span(500, &[(1, 1)]));
        assert_eq!((both.cpu_ns, both.user_ns, both.system_ns), (14, 70_000_000, 70_000_000));
        assert_eq!((both.threads, both.busy_threads, both.voluntary_switches), (2, 2, 140));
        let coarse = Usage { cpu_clock: CpuClock::Ticks, ..both };
        assert_eq!(
            (both.and(coarse).cpu_clock, coarse.and(both).cpu_clock),
            (CpuClock::Ticks, CpuClock::Ticks)
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_time_of_threads_that_have_ended_is_counted() {
        let before = read(std::process::id()).unwrap();
        let spun = std::thread::spawn(|| {
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_millis(5) {
                std::hint::spin_loop();
            }
            rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).tv_nsec
        });
        let spun = u64::try_from(spun.join().unwrap()).unwrap();
        let usage = read(std::process::id()).unwrap().since(&before);
        assert_eq!(usage.cpu_clock, CpuClock::Process);
        assert!(usage.cpu_ns >= spun, "{usage:?}, {spun} ns in the thread");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_very_process_can_be_read() {
        let before = read(std::process::id()).unwrap();
        let usage = read(std::process::id()).unwrap().since(&before);
        assert!(usage.threads >= 1);
        assert!(usage.peak_memory_bytes > 0);
    }
}
