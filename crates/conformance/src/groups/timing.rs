//! Bounds of time that several groups use.

use std::time::{Duration, Instant};

use crate::context::Context;
use crate::failure::{Failure, require};

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

/// The bound for something that takes almost no work. At least one attempt must be that fast, so that a busy machine does
/// not fail a correct server.
const AT_ONCE: Duration = Duration::from_millis(100);

/// As many attempts are made however long they take, and further ones until so much time has passed.
const ATTEMPTS: u32 = 10;
const ENOUGH: Duration = Duration::from_secs(10);

/// The fastest attempt; stops at the first that is fast enough.
pub(super) fn fastest<E>(mut attempt: impl FnMut() -> Result<Duration, E>) -> Result<Duration, E> {
    let start = Instant::now();
    let mut fastest = Duration::MAX;
    for made in 0_u32.. {
        if fastest <= AT_ONCE || (made >= ATTEMPTS && start.elapsed() > ENOUGH) {
            break;
        }
        fastest = fastest.min(attempt()?);
    }
    Ok(fastest)
}

/// Fails unless it was within [`AT_ONCE`]; the figure goes into the report.
pub(super) fn require_at_once(context: &Context<'_>, what: &str, fastest: Duration) -> Result<(), Failure> {
    context.note(format!("{what} within {:.0} ms", fastest.as_secs_f64() * 1e3));
    require(fastest <= AT_ONCE, what, format!("to take at most {AT_ONCE:?}"), || {
        format!("{fastest:?} in the fastest of {ATTEMPTS} attempts and more")
    })
}
