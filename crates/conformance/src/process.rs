//! The server's process, as a case deals with it: what it holds and does, and what is required of it.
//!
//! Where the system does not say (all but Linux), figures are `None` and what rests on them is not judged.

use std::thread;
use std::time::{Duration, Instant};

use observe::strace::{AttachError, Strace, Trace, Tracing};
use rustix::process::Signal;

use crate::failure::{Failure, Stop, require};

pub(crate) use observe::process::{Effort, Holdings, Limited, Paused};

/// A server process that is observed and signalled, and that something else owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    seen: observe::Process,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Option<Self> {
        Some(Process { seen: observe::Process::new(pid)? })
    }

    pub(crate) fn signal(self, signal: Signal) -> Result<(), Failure> {
        self.seen
            .signal(signal)
            .map_err(|error| Failure::new(format!("send {signal:?}"), "a running process", error.to_string()))
    }

    /// Stops the process until the guard is dropped.
    pub(crate) fn pause(self) -> Result<Paused, Failure> {
        self.seen
            .pause()
            .map_err(|error| Failure::new("send Signal::STOP", "a running process", error.to_string()))
    }

    /// The open descriptors and the threads.
    pub(crate) fn holdings(self) -> Option<Holdings> {
        self.seen.holdings()
    }

    /// Heap and stacks, in bytes.
    pub(crate) fn anonymous_memory(self) -> Option<u64> {
        self.seen.anonymous_memory()
    }

    /// Leaves it room for this many more descriptors, until the guard is dropped.
    pub(crate) fn limit_descriptors(self, more: usize) -> Result<Limited, Stop> {
        if cfg!(not(target_os = "linux")) {
            return Err(Stop::Skipped("only Linux lets another process's limits be set".to_owned()));
        }
        let failure =
            |error: std::io::Error| Failure::new("limit its descriptors", "to succeed", error.to_string());
        Ok(self.seen.limit_descriptors(more).map_err(failure)?)
    }

    /// CPU time that its threads have used, and how often they went to sleep.
    pub(crate) fn effort(self) -> Option<Effort> {
        self.seen.effort()
    }

    /// Whether a signal that was sent to it is still pending.
    pub(crate) fn has_pending_signal(self) -> bool {
        self.seen.has_pending_signal()
    }

    /// How long its threads have waited for a CPU so far.
    pub(crate) fn waited_for_cpu(self) -> Option<Duration> {
        self.seen.cpu_time().map(|time| time.waited)
    }

    /// Whether it has ended: reaped or still a zombie.
    pub(crate) fn has_ended(self) -> Option<bool> {
        self.seen.has_ended()
    }

    /// Attaches strace to it; skips the case where that cannot be done.
    pub(crate) fn trace(self, tracing: &Tracing, patience: Duration) -> Result<Strace, Stop> {
        Strace::attach(self.seen.id(), tracing, patience).map_err(|error| {
            Stop::without_program(match error {
                AttachError::Missing(_) => "'strace', which is not installed",
                _ => "'strace', which is not permitted to trace this process",
            })
        })
    }

    /// Waits until the process uses less than 1 % of a CPU: an idle server must not spin.
    pub(crate) fn expect_rest(self, patience: Duration) -> Result<(), Failure> {
        const WINDOW: Duration = Duration::from_millis(100);
        let deadline = Instant::now() + patience;
        loop {
            let start = Instant::now();
            let Some(before) = self.seen.cpu_time() else { return Ok(()) };
            thread::sleep(WINDOW);
            let Some(after) = self.seen.cpu_time() else { return Ok(()) };
            let used = after.used.saturating_sub(before.used);
            let waited = after.waited.saturating_sub(before.waited);
            let window = start.elapsed();
            // On a busy machine a spinning thread may use little CPU time, but then it waits for a CPU. If it
            // waited the whole time, only its state shows it.
            if used * 100 <= window && waited * 4 <= window && !self.seen.has_runnable_thread() {
                return Ok(());
            }
            require(Instant::now() < deadline, "idle", "an idle server", || {
                format!(
                    "{used:?} of CPU time in {window:?} without work, and {waited:?} of waiting for a CPU"
                )
            })?;
        }
    }
}

/// Lets the process go, and returns what was seen.
pub(crate) fn detached(strace: Strace) -> Result<Trace, Failure> {
    strace.detach().map_err(|error| Failure::new("detach strace", "it to end", format!("{error:#}")))
}
