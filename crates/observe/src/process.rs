//! One process: its state, what it holds and does, signals, limits, a pause.
//!
//! The figures are Linux's; elsewhere they are `None`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

use crate::proc::{self, Folder};

/// A thread on another CPU runs on until a signal has reached it; this is far longer than that takes.
const SIGNAL_ARRIVES_WITHIN: Duration = Duration::from_secs(1);

/// A process that is not ours to end, but to look into and to signal.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pid: Pid,
}

/// What a server must give back once its clients are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

/// What the living threads of a process have spent on CPUs and in the queues before them.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime {
    /// On a CPU.
    pub used: Duration,
    /// Ready to run, without a CPU.
    pub waited: Duration,
}

/// What a process has done since its threads began.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// CPU time of the threads that live.
    pub cpu: Duration,
    /// How often they went to sleep: each of these is a wake-up, too.
    pub sleeps: u64,
}

impl Process {
    /// The process of this id; `None` if there can be none of that id.
    pub fn new(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        Some(Process { pid })
    }

    /// Its process id.
    pub fn id(self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The same for system calls.
    pub fn pid(self) -> Pid {
        self.pid
    }

    /// The processes that it has started and that have not been waited for.
    pub fn children(self) -> Vec<Process> {
        let is_child = |folder: &Folder| folder.parent() == Some(self.id());
        proc::processes().filter(is_child).filter_map(|folder| Process::new(folder.id()?)).collect()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It has ended and was waited for, or is not ours to signal.
    pub fn signal(self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// Stops the process until the guard is dropped, whatever happens meanwhile. On Linux all its threads have
    /// stopped when this returns.
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

    /// What its descriptors stand for: paths of files, and names such as `socket:[17]`.
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

    /// Leaves it room for this many more descriptors, until the guard is dropped.
    ///
    /// # Errors
    /// It has ended, or the system does not let another process's limits be set: only Linux does.
    #[cfg(target_os = "linux")]
    pub fn limit_descriptors(self, more: usize) -> io::Result<Limited> {
        let held = self.holdings().map_or(0, |holdings| holdings.descriptors);
        // What is set is the soft limit; to learn the old one, it must be set to something.
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit { current: Some((held + more) as u64), maximum };
        let old = prlimit(Some(self.pid), Resource::Nofile, limit)?;
        Ok(Limited { process: self, old })
    }

    /// As on Linux; elsewhere it cannot be done.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn limit_descriptors(self, _more: usize) -> io::Result<Limited> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux lets another process's limits be set"))
    }

    /// CPU time that its threads have used, and how often they went to sleep.
    pub fn effort(self) -> Option<Effort> {
        let mut effort = Effort { cpu: Duration::ZERO, sleeps: 0 };
        for task in self.folder().tasks().ok()? {
            let (ran, _) = proc::schedule(&task.text("schedstat").ok()?)?;
            effort.cpu += Duration::from_nanos(ran);
            effort.sleeps += proc::field(&task.text("status").ok()?, "voluntary_ctxt_switches")?;
        }
        Some(effort)
    }

    /// What its threads have used of CPUs, and waited for them.
    pub fn cpu_time(self) -> Option<CpuTime> {
        let mut sum = CpuTime { used: Duration::ZERO, waited: Duration::ZERO };
        for task in self.folder().tasks().ok()? {
            // A thread that has ended meanwhile uses nothing.
            let Ok(schedule) = task.text("schedstat") else { continue };
            let (ran, waited) = proc::schedule(&schedule)?;
            sum.used += Duration::from_nanos(ran);
            sum.waited += Duration::from_nanos(waited);
        }
        Some(sum)
    }

    /// Whether one of its threads is on a CPU or ready to be.
    pub fn has_runnable_thread(self) -> bool {
        self.folder().tasks().is_ok_and(|mut tasks| tasks.any(|task| task.state() == Some('R')))
    }

    /// Whether all its threads wait for something, or have ended.
    pub(crate) fn is_asleep(self) -> bool {
        let is_awake = |task: proc::Task| matches!(task.state(), Some('R' | 't' | 'D'));
        !self.folder().tasks().is_ok_and(|mut tasks| tasks.any(is_awake))
    }

    /// Whether a signal that was sent to it has not been taken yet.
    pub fn has_pending_signal(self) -> bool {
        let status = self.folder().text("status").unwrap_or_default();
        let pending = proc::text_field(&status, "ShdPnd");
        pending.is_some_and(|set| set.bytes().any(|digit| digit != b'0'))
    }

    /// Whether it has ended: reaped or still a zombie. `None` where the system does not say.
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

/// How many descriptors this process has open; `None` where the system does not say.
pub fn own_descriptors() -> Option<usize> {
    Folder::of_this_process().count("fd").ok()
}

/// A process that is short of descriptors; dropping this gives it its limit back.
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
        // A process that has ended needs no continuing.
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
    fn children_are_found_until_they_have_been_waited_for() {
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
    fn a_process_that_is_not_there_has_ended() {
        let process = Process::new(i32::MAX.cast_unsigned()).unwrap();
        assert_eq!(process.has_ended(), Some(true));
        assert!(Process::new(0).is_none());
    }
}
