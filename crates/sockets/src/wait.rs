//! What it means that a wait has failed.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use chassis::LogLimit;
use rustix::io::Errno;
use tracing::warn;

/// How long a loop sleeps when the kernel has no memory for the wait. Nobody is served meanwhile.
const PAUSE: Duration = Duration::from_millis(10);

/// The process has one log, however many of its loops are short of memory.
static SHORTAGES: Mutex<LogLimit> = Mutex::new(LogLimit::new());

/// Judges a failed wait: whether the loop goes on, as if nothing had been reported.
///
/// It does after a signal. It also does if the kernel has no memory now, after a pause: select and poll have it copy what
/// they are given in each call, and clients that are connected must not pay for one call.
///
/// # Errors
/// Anything else, which would fail again; the server must end.
pub fn judge_wait(errno: Errno) -> io::Result<()> {
    match errno {
        Errno::INTR => Ok(()),
        Errno::NOMEM => {
            if SHORTAGES.lock().unwrap_or_else(PoisonError::into_inner).allows() {
                warn!(error = %io::Error::from(errno), "cannot wait for clients; tries again");
            }
            thread::sleep(PAUSE);
            Ok(())
        }
        _ => {
            let error = io::Error::from(errno);
            Err(io::Error::new(error.kind(), format!("cannot wait for clients: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_and_a_shortage_of_memory_end_no_server_and_anything_else_does_with_the_reason() {
        for errno in [Errno::INTR, Errno::NOMEM] {
            assert!(judge_wait(errno).is_ok(), "{errno:?}");
        }
        for errno in [Errno::BADF, Errno::INVAL, Errno::FAULT] {
            let error = judge_wait(errno).unwrap_err();
            assert!(error.to_string().starts_with("cannot wait for clients: "), "{error}");
        }
    }
}
