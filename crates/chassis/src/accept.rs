//! What a failed accept means: one table for all models.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use tracing::warn;

use crate::logging::LogLimit;

/// What to do after a failed accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptStep {
    /// No client is waiting: wait until the listener is readable again.
    Wait,
    /// That client has gone, the next may be fine: accept again.
    Retry,
    /// A resource is short: serve the connected clients and accept again after this time.
    Pause(Duration),
}

/// Judges failed accepts. A listener keeps one, so that pauses grow; log lines stay few for all listeners together.
///
/// | errno | meaning | step |
/// | --- | --- | --- |
/// | `EAGAIN` | no client is waiting | wait for readiness |
/// | `EINTR` | a signal | retry |
/// | `ECONNABORTED`, `EPROTO`, `EPERM`, `ETIMEDOUT`, network errors | that client failed (accept(2): pending errors of the new socket) | retry |
/// | `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`, anything unknown | shortage | pause 10, 20, 40, 80, 100 ms, log once a second |
/// | `EBADF`, `ENOTSOCK`, `EINVAL`, `EFAULT`, `EOPNOTSUPP` | the listener itself is broken | the server ends with the reason |
///
/// A run of retries without one success pauses as well: no errno may make a server spin.
#[derive(Debug, Default)]
pub struct AcceptPolicy {
    pause: Option<Duration>,
    retries: u32,
}

/// The process has one log, however many of its listeners are short of the same resource.
static SHORTAGES: Mutex<LogLimit> = Mutex::new(LogLimit::new());

/// Retries in a row before a pause is taken between them.
const RETRIES_BEFORE_PAUSE: u32 = 64;
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl AcceptPolicy {
    /// A policy that has seen no failure yet.
    #[must_use]
    pub fn new() -> AcceptPolicy {
        AcceptPolicy::default()
    }

    /// Notes an accept that worked: the next failure counts as the first one.
    pub fn succeeded(&mut self) {
        self.pause = None;
        self.retries = 0;
    }

    /// Judges a failed accept.
    ///
    /// # Errors
    /// The listener is broken and no accept can ever succeed; the server must end.
    pub fn judge(&mut self, error: &io::Error) -> io::Result<AcceptStep> {
        match Errno::from_io_error(error) {
            Some(Errno::AGAIN) => Ok(AcceptStep::Wait),
            Some(Errno::BADF | Errno::NOTSOCK | Errno::INVAL | Errno::FAULT | Errno::OPNOTSUPP) => {
                Err(io::Error::new(error.kind(), format!("the listening socket is broken: {error}")))
            }
            Some(errno) if failed_client(errno) && self.retries < RETRIES_BEFORE_PAUSE => {
                self.retries += 1;
                Ok(AcceptStep::Retry)
            }
            _ => Ok(AcceptStep::Pause(self.next_pause(error))),
        }
    }

    fn next_pause(&mut self, error: &io::Error) -> Duration {
        let pause = self.pause.map_or(SHORTEST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        if SHORTAGES.lock().unwrap_or_else(PoisonError::into_inner).allows() {
            warn!(%error, "cannot accept; clients wait while those that are connected are served");
        }
        pause
    }
}

/// Errors that belong to one client's connection attempt, not to the listener.
fn failed_client(errno: Errno) -> bool {
    let portable = [
        Errno::INTR,
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::PROTO,
        Errno::PERM,
        Errno::TIMEDOUT,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::NOPROTOOPT,
    ];
    #[cfg(target_os = "linux")]
    if errno == Errno::NONET {
        return true;
    }
    portable.contains(&errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(policy: &mut AcceptPolicy, errno: Errno) -> io::Result<AcceptStep> {
        policy.judge(&errno.into())
    }

    #[test]
    fn a_client_that_vanished_is_no_reason_to_wait() {
        for errno in [Errno::INTR, Errno::CONNABORTED, Errno::PROTO, Errno::NETDOWN, Errno::PERM] {
            assert_eq!(judge(&mut AcceptPolicy::new(), errno).unwrap(), AcceptStep::Retry, "{errno:?}");
        }
        assert_eq!(judge(&mut AcceptPolicy::new(), Errno::AGAIN).unwrap(), AcceptStep::Wait);
    }

    #[test]
    fn a_shortage_pauses_longer_each_time_and_never_above_the_limit() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::XDEV] {
            let mut policy = AcceptPolicy::new();
            let pauses: Vec<u128> = (0..6)
                .map(|_| match judge(&mut policy, errno).unwrap() {
                    AcceptStep::Pause(pause) => pause.as_millis(),
                    step => panic!("{errno:?} led to {step:?}"),
                })
                .collect();
            assert_eq!(pauses, [10, 20, 40, 80, 100, 100]);
        }
    }

    #[test]
    fn a_success_forgets_earlier_shortages() {
        let mut policy = AcceptPolicy::new();
        for _ in 0..5 {
            judge(&mut policy, Errno::MFILE).unwrap();
        }
        policy.succeeded();
        assert_eq!(judge(&mut policy, Errno::MFILE).unwrap(), AcceptStep::Pause(SHORTEST_PAUSE));
    }

    #[test]
    fn endless_retries_become_pauses() {
        let mut policy = AcceptPolicy::new();
        let retries = (0..1_000)
            .filter(|_| judge(&mut policy, Errno::CONNABORTED).unwrap() == AcceptStep::Retry)
            .count();
        assert_eq!(retries, RETRIES_BEFORE_PAUSE as usize);
    }

    #[test]
    fn a_broken_listener_ends_the_server_with_the_reason() {
        for errno in [Errno::BADF, Errno::NOTSOCK, Errno::INVAL] {
            let error = judge(&mut AcceptPolicy::new(), errno).unwrap_err();
            assert!(error.to_string().starts_with("the listening socket is broken: "), "{error}");
        }
    }
}
