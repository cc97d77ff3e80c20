//! Masks and dispositions: what a process has from its parent, and what its threads and children have from it.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use signal_hook::flag;

/// Undoes what would harm this process and its children. Call it at the start of `main`, before there are other
/// threads: a thread has its mask from the one that starts it, and a child process has it, too.
///
/// - Blocked signals are unblocked: a parent that waits for signals in a thread of its own often leaves them
///   blocked, and then nothing but SIGKILL ends its children.
/// - SIGXFSZ no longer ends the process. A write beyond the limit on file sizes fails, and that is all.
/// - SIGCHLD is no longer ignored: the kernel would forget how children ended, and waiting for one would fail.
///
/// Other ignored signals stay as they are. [`on_stop`](crate::on_stop) says which of them it obeys.
///
/// # Errors
/// The system refuses.
pub fn reset_inherited() -> io::Result<()> {
    // Signals that are caught are not caught in a child: what is registered here concerns this process alone.
    let ignored = [Signal::SIGCHLD].into_iter().filter(|signal| is_ignored(*signal));
    for signal in ignored.chain([Signal::SIGXFSZ]) {
        let nobody_looks = Arc::new(AtomicBool::new(false));
        flag::register(signal as i32, nobody_looks)?;
    }
    Ok(SigSet::all().thread_unblock()?)
}

/// Blocks every signal in the calling thread, so that others handle them. A terminal or a file limit that sends
/// this thread a signal then does not stop or end the process: its write succeeds or fails.
pub fn block_in_this_thread() {
    // It fails only for a wrong argument.
    let _ = SigSet::all().thread_block();
}

/// Runs something, such as starting a child process, while every signal is blocked in this thread.
///
/// # Errors
/// The system refuses.
pub fn while_blocked<T>(something: impl FnOnce() -> T) -> io::Result<T> {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let result = something();
    before.thread_set_mask()?;
    Ok(result)
}

/// Whether this process ignores a signal; false where the system does not say (all but Linux).
pub(crate) fn is_ignored(signal: Signal) -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| ignored_in(&status, signal))
}

/// The same, from the text of `/proc/self/status`: `SigIgn` is a hexadecimal number with a bit for each signal.
fn ignored_in(status: &str, signal: Signal) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal as i32 - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        let status = "Name:\tnohup\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\n";
        assert!(ignored_in(status, Signal::SIGHUP));
        assert!(ignored_in(status, Signal::SIGPIPE));
        assert!(!ignored_in(status, Signal::SIGINT));
        assert!(!ignored_in("", Signal::SIGHUP));
    }

    #[test]
    fn a_thread_has_its_mask_back_after_something_was_run_with_blocked_signals() {
        let before = SigSet::thread_get_mask().unwrap();
        let during = while_blocked(SigSet::thread_get_mask).unwrap().unwrap();
        assert!(during.contains(Signal::SIGTERM));
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }

    #[test]
    fn a_thread_that_blocks_signals_starts_threads_that_block_them_until_they_are_reset() {
        let masks = std::thread::spawn(|| {
            block_in_this_thread();
            std::thread::spawn(|| {
                let blocked = SigSet::thread_get_mask().unwrap();
                reset_inherited().unwrap();
                (blocked, SigSet::thread_get_mask().unwrap())
            })
            .join()
            .unwrap()
        });
        let (inherited, reset) = masks.join().unwrap();
        assert!(inherited.contains(Signal::SIGTERM) && !reset.contains(Signal::SIGTERM));
    }
}
