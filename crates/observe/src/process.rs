//! One process: its state, resources and activity, signals, limits, a pause.
//!
//! The figures are Linux's; elsewhere they are `None`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

use crate::proc::{self, Folder};

/// A thread on another CPU continues until a signal reaches it; this is far longer than that takes.
const SIGNAL_ARRIVES_WITHIN: Duration = Duration::from_secs(1);

/// A process that is observed and signalled, but not owned.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pid: Pid,
}

/// Resources that a server must release when its clients are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

/// The time that the living threads of a process have spent on CPUs and in run queues.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime {
    /// On a CPU.
    pub used: Duration,
    /// Ready to run, without a CPU.
    pub waited: Duration,
}

/// The activity of a process since its threads began.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// CPU time of the living threads.
    pub cpu: Duration,
    /// How often they went to sleep, and so how often they woke up.
    pub sleeps: u64,
}

impl Process {
    /// The process with this id; `None` if the id is invalid.
    pub fn new(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        Some(Process { pid })
    }

    /// Its process id.
    pub fn id(self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Its process id in the form that system calls take.
    pub fn pid(self) -> Pid {
        self.pid
    }

    /// Its child processes that have not been reaped.
    pub fn children(self) -> Vec<Process> {
        let is_child = |folder: &Folder| folder.parent() == Some(self.id());
        proc::processes().filter(is_child).filter_map(|folder| Process::new(folder.id()?)).collect()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It has been reaped, or this process may not signal it.
    pub fn signal(self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// Stops the process until the guard is dropped, also on a panic. On Linux all its threads have stopped when this
    /// returns.
    ///
    /// # Errors
    /// As [`Process::signal`].
    pub fn pause(self) -> io::Result<Paused> {
        self.signal(Signal::STOP)?;
        let paused = Paused { process: self };
        let deadline = Instant::now() + SIGNAL_ARRIVES_WITHIN;
        let has_stopped = || {
            self.folder()
                .tasks()
                .map_or(true, |mut tasks| tasks.all(|task| matches!(task.state(), Some('T' | 't') | None)))
        };
        while !has_stopped() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(paused)
    }

    /// The open descriptors and the threads.
    pub fn holdings(self) -> Option<Holdings> {
        let folder = self.folder();
        Some(Holdings { descriptors: folder.count("fd").ok()?, threads: folder.count("task").ok()? })
    }

    /// The targets of its descriptors: paths of files, and names such as `socket:[17]`.
    ///
    /// # Errors
    /// It has ended, or this is not Linux.
    pub fn open_files(self) -> io::Result<Vec<std::path::PathBuf>> {
        self.folder().open_files()
    }

    /// Anonymous memory in bytes: heap and stacks, exactly. (The resident set of `status` also counts
    /// program pages that a code path touches for the first time, and is batched per CPU.)
    pub fn anonymous_memory(self) -> Option<u64> {
        proc::field(&self.folder().text("smaps_rollup").ok()?, "Anonymous").map(|kibibytes| kibibytes << 10)
    }

    /// Limits it to this many more descriptors, until the guard is dropped.
    ///
    /// # Errors
    /// It has ended, or the system cannot set another process's limits: only Linux can.
    #[cfg(target_os = "linux")]
    pub fn limit_descriptors(self, more: usize) -> io::Result<Limited> {
        let held = self.holdings().map_or(0, |holdings| holdings.descriptors);
        // This sets the soft limit; only setting a limit returns the old one.
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit { current: Some((held + more) as u64), maximum };
        let old = prlimit(Some(self.pid), Resource::Nofile, limit)?;
        Ok(Limited { process: self, old })
    }

    /// As on Linux; not supported elsewhere.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn limit_descriptors(self, _more: usize) -> io::Result<Limited> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "setting another process's limits needs Linux"))
    }

    /// CPU time of its threads, and how often they went to sleep.
    pub fn effort(self) -> Option<Effort> {
        let mut effort = Effort { cpu: Duration::ZERO, sleeps: 0 };
        for task in self.folder().tasks().ok()? {
            let (ran, _) = proc::schedule(&task.text("schedstat").ok()?)?;
            effort.cpu += Duration::from_nanos(ran);
            effort.sleeps += proc::field(&task.text("status").ok()?, "voluntary_ctxt_switches")?;
        }
        Some(effort)
    }

    /// The time that its threads have spent on CPUs and waiting for them.
    pub fn cpu_time(self) -> Option<CpuTime> {
        let mut sum = CpuTime { used: Duration::ZERO, waited: Duration::ZERO };
        for task in self.folder().tasks().ok()? {
            // A thread that has ended meanwhile counts as zero.
            let Ok(schedule) = task.text("schedstat") else { continue };
            let (ran, waited) = proc::schedule(&schedule)?;
            sum.used += Duration::from_nanos(ran);
            sum.waited += Duration::from_nanos(waited);
        }
        Some(sum)
    }

    /// Whether one of its threads is running or runnable.
    pub fn has_runnable_thread(self) -> bool {
        self.folder().tasks().is_ok_and(|mut tasks| tasks.any(|task| task.state() == Some('R')))
    }

    /// Whether all its threads are blocked or have ended.
    pub(crate) fn is_asleep(self) -> bool {
        let is_awake = |task: proc::Task| matches!(task.state(), Some('R' | 't' | 'D'));
        !self.folder().tasks().is_ok_and(|mut tasks| tasks.any(is_awake))
    }

    /// Whether a signal that was sent to it is still pending.
    pub fn has_pending_signal(self) -> bool {
        let status = self.folder().text("status").unwrap_or_default();
        let pending = proc::text_field(&status, "ShdPnd");
        pending.is_some_and(|set| set.bytes().any(|digit| digit != b'0'))
    }

    /// Whether it has ended: reaped or still a zombie. `None` if the system does not report it.
    pub fn has_ended(self) -> Option<bool> {
        if cfg!(not(target_os = "linux")) {
            return None;
        }
        Some(matches!(self.folder().state(), None | Some('Z' | 'X')))
    }

    fn folder(self) -> Folder {
        Folder::of(self.id())
    }
}

/// The number of open descriptors of this process; `None` if the system does not report it.
pub fn own_descriptors() -> Option<usize> {
    Folder::of_this_process().count("fd").ok()
}

/// A process with a low descriptor limit; dropping this restores the old limit.
#[derive(Debug)]
pub struct Limited {
    #[cfg(target_os = "linux")]
    process: Process,
    #[cfg(target_os = "linux")]
    old: Rlimit,
}

#[cfg(target_os = "linux")]
impl Drop for Limited {
    fn drop(&mut self) {
        // A process that has ended needs no limit.
        let _ = prlimit(Some(self.process.pid), Resource::Nofile, self.old);
    }
}

/// A stopped process; dropping this continues it.
#[derive(Debug)]
pub struct Paused {
    process: Process,
}

impl Drop for Paused {
    fn drop(&mut self) {
        // A process that has ended need not be continued.
        let _ = self.process.signal(Signal::CONT);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_test_has_descriptors_threads_memory_and_is_alive() {
        let process = Process::new(std::process::id()).unwrap();
        let holdings = process.holdings().unwrap();
        assert!(holdings.descriptors >= 3);
        assert!(holdings.threads >= 1);
        assert!(process.anonymous_memory().unwrap() > 0);
        assert!(process.cpu_time().is_some());
        assert_eq!(process.has_ended(), Some(false));
        assert!(own_descriptors().unwrap() >= 3);
    }

    #[test]
    fn children_are_found_until_they_are_reaped() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let is_there = |id| {
            let children = Process::new(std::process::id()).unwrap().children();
            children.into_iter().any(|process| process.id() == id)
        };
        let was_there = is_there(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(was_there && !is_there(child.id()));
    }

    #[test]
    fn a_process_that_does_not_exist_has_ended() {
        let process = Process::new(i32::MAX.cast_unsigned()).unwrap();
        assert_eq!(process.has_ended(), Some(true));
        assert!(Process::new(0).is_none());
    }
}
