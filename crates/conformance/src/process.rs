//! The server's process from outside: signals, descriptors, threads, CPU time and memory.
//!
//! The figures come from Linux' `/proc` (see proc(5)); elsewhere they are `None` and checks that need them pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

use crate::eventually::eventually;
use crate::failure::{Failure, Stop, require};

/// A server process that is observed and signalled, and that something else owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pid: Pid,
}

/// What a server must release when its clients have closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        Some(Process { pid })
    }

    /// Its process id, for other programs.
    pub(crate) fn id(self) -> String {
        self.pid.as_raw_nonzero().to_string()
    }

    pub(crate) fn signal(self, signal: Signal) -> Result<(), Failure> {
        kill_process(self.pid, signal)
            .map_err(|error| Failure::new(format!("send {signal:?}"), "a running process", error.to_string()))
    }

    /// Stops the process until the guard is dropped.
    pub(crate) fn pause(self) -> Result<Paused, Failure> {
        self.signal(Signal::STOP)?;
        let paused = Paused { process: self };
        // A thread on another CPU keeps running until the signal has reached it.
        eventually(Duration::from_secs(1), || {
            self.tasks()
                .is_none_or(|mut tasks| tasks.all(|task| matches!(state(&task), Some('T' | 't') | None)))
        });
        Ok(paused)
    }

    /// The open descriptors and the threads.
    pub(crate) fn holdings(self) -> Option<Holdings> {
        let descriptors = fs::read_dir(self.folder().join("fd")).ok()?.count();
        let threads = fs::read_dir(self.folder().join("task")).ok()?.count();
        Some(Holdings { descriptors, threads })
    }

    /// Anonymous memory in bytes: heap and stacks, exactly. (The resident set of `status` also counts
    /// program pages that a code path touches for the first time, and is batched per CPU.)
    pub(crate) fn anonymous_memory(self) -> Option<u64> {
        let rollup = fs::read_to_string(self.folder().join("smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes << 10)
    }

    /// Limits it to this many more descriptors until the guard is dropped.
    #[cfg(target_os = "linux")]
    pub(crate) fn limit_descriptors(self, more: usize) -> Result<Limited, Stop> {
        let held = self.holdings().map_or(0, |holdings| holdings.descriptors);
        let no_limit = |error: Errno| Failure::new("limit its descriptors", "to succeed", error.to_string());
        // The soft limit is set; the old one is read by setting it.
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit { current: Some((held + more) as u64), maximum };
        let old = prlimit(Some(self.pid), Resource::Nofile, limit).map_err(no_limit)?;
        Ok(Limited { process: self, old })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn limit_descriptors(self, _more: usize) -> Result<Paused, Stop> {
        Err(Stop::Skipped("limiting another process needs Linux".to_owned()))
    }

    /// The CPU time that its threads have used, and how often they went to sleep (and so woke up).
    pub(crate) fn effort(self) -> Option<Effort> {
        let mut effort = Effort { cpu: Duration::ZERO, sleeps: 0 };
        for task in self.tasks()? {
            let schedule = fs::read_to_string(task.join("schedstat")).ok()?;
            effort.cpu += Duration::from_nanos(schedule.split_whitespace().next()?.parse().ok()?);
            let status = fs::read_to_string(task.join("status")).ok()?;
            let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            effort.sleeps += sleeps.trim().parse::<u64>().ok()?;
        }
        Some(effort)
    }

    /// Whether a signal that was sent to it is still pending.
    pub(crate) fn has_pending_signal(self) -> bool {
        let status = fs::read_to_string(self.folder().join("status")).unwrap_or_default();
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        pending.is_some_and(|set| set.trim().bytes().any(|digit| digit != b'0'))
    }

    /// Whether it has ended: reaped or still a zombie.
    pub(crate) fn has_ended(self) -> Option<bool> {
        if cfg!(not(target_os = "linux")) {
            return None;
        }
        Some(matches!(state(&self.folder()), None | Some('Z' | 'X')))
    }

    /// Waits until the process uses less than 1 % of a CPU: an idle server must not spin.
    pub(crate) fn expect_rest(self, patience: Duration) -> Result<(), Failure> {
        const WINDOW: Duration = Duration::from_millis(100);
        let deadline = Instant::now() + patience;
        loop {
            let start = Instant::now();
            let Some(before) = self.cpu_time() else { return Ok(()) };
            thread::sleep(WINDOW);
            let Some(after) = self.cpu_time() else { return Ok(()) };
            let used = after.used.saturating_sub(before.used);
            let waited = after.waited.saturating_sub(before.waited);
            let window = start.elapsed();
            // On a busy machine a spinning thread may use little CPU time, but then it waits for a CPU. If it
            // waited the whole time, only its state shows it.
            if used * 100 <= window && waited * 4 <= window && !self.has_runnable_thread() {
                return Ok(());
            }
            require(Instant::now() < deadline, "idle", "an idle server", || {
                format!(
                    "{used:?} of CPU time in {window:?} without work, and {waited:?} of waiting for a CPU"
                )
            })?;
        }
    }

    /// CPU time of its threads, and their time waiting for a CPU.
    fn cpu_time(self) -> Option<CpuTime> {
        let mut sum = CpuTime { used: Duration::ZERO, waited: Duration::ZERO };
        for task in self.tasks()? {
            // A thread that has ended meanwhile is idle.
            let Ok(times) = fs::read_to_string(task.join("schedstat")) else { continue };
            let mut times =
                times.split_whitespace().map_while(|time| time.parse().ok().map(Duration::from_nanos));
            sum.used += times.next()?;
            sum.waited += times.next()?;
        }
        Some(sum)
    }

    fn has_runnable_thread(self) -> bool {
        self.tasks().is_some_and(|mut tasks| tasks.any(|task| state(&task) == Some('R')))
    }

    fn tasks(self) -> Option<impl Iterator<Item = PathBuf>> {
        Some(fs::read_dir(self.folder().join("task")).ok()?.filter_map(|task| Some(task.ok()?.path())))
    }

    fn folder(self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.pid.as_raw_nonzero()))
    }
}

/// The state of the process or thread in this folder of `/proc`, `None` if it no longer exists.
fn state(folder: &Path) -> Option<char> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // It follows the program's name in parentheses, which may contain anything.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The time that the running threads of a process have spent on CPUs and in run queues.
#[derive(Clone, Copy, Debug)]
struct CpuTime {
    used: Duration,
    waited: Duration,
}

/// What the threads of a process have done since they started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) cpu: Duration,
    pub(crate) sleeps: u64,
}

/// A process with few descriptors left; dropping this restores its limit.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(crate) struct Limited {
    process: Process,
    old: Rlimit,
}

#[cfg(target_os = "linux")]
impl Drop for Limited {
    fn drop(&mut self) {
        let _ = prlimit(Some(self.process.pid), Resource::Nofile, self.old);
    }
}

/// A stopped process; dropping this continues it.
#[derive(Debug)]
pub(crate) struct Paused {
    process: Process,
}

impl Drop for Paused {
    fn drop(&mut self) {
        // Fails only if the process has ended.
        let _ = kill_process(self.process.pid, Signal::CONT);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_descriptors_threads_and_memory_and_has_not_ended() {
        let process = Process::new(std::process::id()).unwrap();
        let holdings = process.holdings().unwrap();
        assert!(holdings.descriptors >= 3);
        assert!(holdings.threads >= 1);
        assert!(process.anonymous_memory().unwrap() > 0);
        assert!(process.cpu_time().is_some());
        assert_eq!(process.has_ended(), Some(false));
    }

    #[test]
    fn a_process_that_does_not_exist_has_ended() {
        let process = Process::new(i32::MAX.cast_unsigned()).unwrap();
        assert_eq!(process.has_ended(), Some(true));
        assert!(Process::new(0).is_none());
    }
}
