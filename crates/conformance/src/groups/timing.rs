//! Bounds of time that several groups use.

use std::time::{Duration, Instant};

use observe::thread;

use crate::context::Context;
use crate::failure::{Failure, require};
use crate::process::Process;

/// How long to wait for a greeting that must not come: long enough for a server that would greet, short enough if
/// it does not. If this is too short on a busy machine, a fault goes undetected.
pub(super) const WOULD_GREET_WITHIN: Duration = Duration::from_millis(300);

/// The latest time at which a server notices that its write timeout has passed. A blocking send that wrote a part of
/// its bytes returns only after the timeout, and the next send starts the timeout again.
pub(super) const fn noticed_within(write_timeout: Duration) -> Duration {
    write_timeout.saturating_mul(2)
}

/// Fails if less than the idle timeout has passed since `start`, which must be before the client connected: the
/// server's clock cannot have started earlier.
pub(super) fn require_idle_since(start: Instant, idle_timeout: Duration) -> Result<(), Failure> {
    let after = start.elapsed();
    let coarse_clock = idle_timeout / 10; // a server may round its timers
    require(
        after + coarse_clock >= idle_timeout,
        "silence",
        format!("to be closed after {idle_timeout:?}"),
        || format!("closed after {after:?}"),
    )
}

/// The bound for something that takes almost no work. At least one of ten attempts must be that fast, so that a
/// busy machine does not fail a correct server.
const AT_ONCE: Duration = Duration::from_millis(100);
const ATTEMPTS: usize = 10;

/// The fastest of up to ten attempts; stops at the first that is fast enough.
pub(super) fn fastest<E>(mut attempt: impl FnMut() -> Result<Duration, E>) -> Result<Duration, E> {
    let mut fastest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        fastest = fastest.min(attempt()?);
        if fastest <= AT_ONCE {
            break;
        }
    }
    Ok(fastest)
}

/// Measures what a process takes for something, without the time in which it or this thread waited for a CPU: on a busy
/// machine that may be nearly all of it. There a fault may go undetected, since this thread also waits while the process sleeps.
#[derive(Debug)]
pub(super) struct Stopwatch {
    start: Instant,
    waited: Duration,
}

impl Stopwatch {
    /// Starts; there may be no process yet.
    pub(super) fn start(process: Option<Process>) -> Stopwatch {
        Stopwatch { waited: waited(process), start: Instant::now() }
    }

    /// The time since the start. The process may have ended, as long as it is not reaped.
    pub(super) fn read(&self, process: Option<Process>) -> Duration {
        let took = self.start.elapsed();
        took.saturating_sub(waited(process).saturating_sub(self.waited))
    }
}

/// How long a process and this thread have waited for a CPU so far.
fn waited(process: Option<Process>) -> Duration {
    let own = Duration::from_nanos(thread::run_queue_wait_ns().unwrap_or(0));
    own + process.and_then(Process::waited_for_cpu).unwrap_or_default()
}

/// Fails unless it was within [`AT_ONCE`]; the figure goes into the report.
pub(super) fn require_at_once(context: &Context<'_>, what: &str, fastest: Duration) -> Result<(), Failure> {
    context.note(format!("{what} within {:.0} ms", fastest.as_secs_f64() * 1e3));
    require(fastest <= AT_ONCE, what, format!("to take at most {AT_ONCE:?}"), || {
        format!("{fastest:?} in the fastest of {ATTEMPTS} attempts")
    })
}
