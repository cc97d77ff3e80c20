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

/// The resolution of a CPU time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuClock {
    /// The scheduler's account of each thread, in nanoseconds.
    Threads,
    /// The account of the process, in clock ticks of 10 ms: threads ended between the readings.
    Ticks,
}

/// Reads the process with this id.
///
/// # Errors
/// It has ended, or this system has no Linux `/proc`.
pub fn read(pid: u32) -> Result<Reading> {
    let folder = Folder::of(pid);
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
        cpu_by_thread,
        threads: field("Threads")?,
        peak_memory_bytes: field("VmHWM")? * 1024,
        anonymous_memory_bytes: field("RssAnon")? * 1024,
        switches,
    })
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
        let (cpu, cpu_clock) = match self.thread_time_since(earlier) {
            Some(cpu) => (cpu, CpuClock::Threads),
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

    /// The sum over all threads, if none of them ended in between: the usage of an ended thread is lost.
    fn thread_time_since(&self, earlier: &Reading) -> Option<Duration> {
        let all_live = earlier.cpu_by_thread.keys().all(|thread| self.cpu_by_thread.contains_key(thread));
        if !all_live || self.cpu_by_thread.is_empty() {
            return None;
        }
        let time = self
            .cpu_by_thread
            .iter()
            .map(|(thread, &cpu)| {
                cpu.saturating_sub(earlier.cpu_by_thread.get(thread).copied().unwrap_or_default())
            })
            .sum();
        // Threads that began and ended in between show only in the ticks. Each of the two readings, of
        // user and of system time, is truncated to whole ticks.
        let unseen = self.cpu().saturating_sub(earlier.cpu()).saturating_sub(time);
        (unseen <= ticks_to_time(4)).then_some(time)
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

    fn reading(cpu_ms: u64, threads: &[(u32, u64)]) -> Reading {
        Reading {
            user: Duration::from_millis(cpu_ms / 2),
            system: Duration::from_millis(cpu_ms - cpu_ms / 2),
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
    fn threads_are_added_up_to_the_nanosecond_new_ones_too() {
        let usage =
            reading(120, &[(1, 1_000), (2, 70_000_000), (3, 5)]).since(&reading(50, &[(1, 400), (2, 0)]));
        assert_eq!((usage.cpu_ns, usage.cpu_clock, usage.threads), (70_000_605, CpuClock::Threads, 3));
        assert_eq!(usage.busy_threads, 3);
    }

    #[test]
    fn ticks_stand_in_where_a_thread_has_ended() {
        let usage = reading(120, &[(1, 1_000)]).since(&reading(50, &[(1, 400), (2, 0)]));
        assert_eq!((usage.cpu_ns, usage.cpu_clock), (70_000_000, CpuClock::Ticks));
    }

    #[test]
    fn ticks_stand_in_where_threads_came_and_went_unseen() {
        let usage = reading(120, &[(1, 1_000)]).since(&reading(50, &[(1, 400)]));
        assert_eq!((usage.cpu_ns, usage.cpu_clock), (70_000_000, CpuClock::Ticks));
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
