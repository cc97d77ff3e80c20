//! The resources of a process while it runs and at rest: memory, descriptors, threads (Linux).

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::proc::{self, Folder};
use crate::usage;

/// Idle CPU time is measured over several windows of this length, and the smallest counts, because a timer may fire in
/// one of them.
const IDLE_WINDOW: Duration = Duration::from_millis(500);
const IDLE_WINDOWS: usize = 4;

/// A process under observation.
#[derive(Debug)]
pub struct Meter {
    pid: u32,
    folder: Folder,
}

/// The process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Time since the observation began.
    #[serde(rename = "at_ms", serialize_with = "as_milliseconds")]
    pub at: Duration,
    /// Heap and stacks, exactly.
    pub anonymous_bytes: u64,
    /// All resident memory, including program pages.
    pub resident_bytes: u64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Meter {
    /// Observes the process with this id.
    pub fn new(pid: u32) -> Self {
        Meter { pid, folder: Folder::of(pid) }
    }

    /// Its current resources.
    ///
    /// # Errors
    /// The process has ended, or this system has no Linux `/proc`.
    pub fn sample(&self, at: Duration) -> Result<Sample> {
        let rollup = self.folder.text("smaps_rollup")?;
        let field = |name: &str| {
            proc::field(&rollup, name)
                .map(|count| count << 10)
                .with_context(|| format!("smaps_rollup has no {name}"))
        };
        Ok(Sample {
            at,
            anonymous_bytes: field("Anonymous")?,
            resident_bytes: field("Rss")?,
            descriptors: self.folder.count("fd")?,
            threads: self.folder.count("task")?,
        })
    }

    /// Its resources at rest. Waits until it has released everything that it did not have `before`; without a `before`,
    /// until nothing changes. After `patience` it returns the current resources.
    ///
    /// # Errors
    /// As [`Meter::sample`].
    pub fn settled(&self, before: Option<&Sample>, patience: Duration) -> Result<Sample> {
        let deadline = Instant::now() + patience;
        let mut last = self.sample(Duration::ZERO)?;
        loop {
            thread::sleep(Duration::from_millis(300));
            let now = self.sample(Duration::ZERO)?;
            let is_settled = match before {
                Some(before) => now.descriptors <= before.descriptors && now.threads <= before.threads,
                None => (now.descriptors, now.threads) == (last.descriptors, last.threads),
            };
            if is_settled || Instant::now() >= deadline {
                return Ok(now);
            }
            last = now;
        }
    }

    /// The share of one CPU that it uses while idle, from 0 to 1: the smallest of several windows.
    ///
    /// # Errors
    /// As [`Meter::sample`].
    pub fn idle_cpu(&self) -> Result<f64> {
        let mut least = f64::INFINITY;
        for _ in 0..IDLE_WINDOWS {
            let (start, before) = (Instant::now(), self.run_time()?);
            thread::sleep(IDLE_WINDOW);
            let used = self.run_time()?.saturating_sub(before);
            least = least.min(used.as_secs_f64() / start.elapsed().as_secs_f64());
        }
        Ok(least)
    }

    /// CPU time of all living threads; no thread ends while no client is connected.
    fn run_time(&self) -> Result<Duration> {
        Ok(usage::read(self.pid)?.thread_time())
    }
}

fn as_milliseconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_observed() {
        let sample = Meter::new(std::process::id()).sample(Duration::ZERO).unwrap();
        assert!(sample.anonymous_bytes > 0 && sample.resident_bytes >= sample.anonymous_bytes);
        assert!(sample.descriptors >= 3 && sample.threads >= 1);
    }

    #[test]
    fn a_process_that_has_ended_is_an_error_that_says_so() {
        let error = Meter::new(u32::MAX).sample(Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("the process has ended"), "{error}");
    }
}
