//! The signals that ask a process to stop: the first one asks, one that comes after a pause demands.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal as Number;
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::flag;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use crate::inherited::is_ignored;

/// Signals within this time of the first are the same request. GNU `timeout` signals its child and then the child's
/// process group, npm passes on what the terminal has already sent, and none of them has lost patience.
pub const PAUSE: Duration = Duration::from_millis(500);

/// A signal that asks to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(Number);

impl Signal {
    /// Its name, such as `SIGTERM`.
    pub fn name(self) -> &'static str {
        self.0.as_str()
    }

    /// The customary exit code of a process that it ended: 128 plus its number, such as 143.
    pub fn exit_code(self) -> u8 {
        128 + self.0 as u8
    }
}

/// Every signal that by default ends a process without a core dump asks to stop, but for that of a profiler
/// (SIGPROF), SIGSTKFLT, which nothing sends, and real-time signals. SIGXCPU is among them: it announces the SIGKILL of a
/// limit on CPU time.
const STOP: &[Number] = &[
    Number::SIGTERM,
    Number::SIGINT,
    Number::SIGHUP,
    Number::SIGUSR1,
    Number::SIGUSR2,
    Number::SIGALRM,
    Number::SIGVTALRM,
    Number::SIGIO,
    Number::SIGXCPU,
    #[cfg(target_os = "linux")]
    Number::SIGPWR,
];

/// Calls `asked` once, in a thread of its own, when this process receives a signal that asks it to stop. A signal that
/// comes more than [`PAUSE`] after that ends the process at once, from within the signal handler and so even if every
/// thread hangs, with [`Signal::exit_code`]. What comes earlier is ignored.
///
/// SIGHUP asks nothing if the process was started with SIGHUP ignored, as `nohup` does. Every other signal is
/// obeyed even then: a shell ignores SIGINT for what it starts in the background, and no one means it.
/// SIGXCPU never ends the process here: the kernel repeats it each second.
///
/// # Errors
/// No descriptors left, the handlers cannot be installed, or the thread cannot be spawned.
pub fn on_stop(asked: impl FnOnce(Signal) + Send + 'static) -> io::Result<()> {
    let obeyed = |signal: &Number| *signal != Number::SIGHUP || !is_ignored(*signal);
    let signals: Vec<i32> = STOP.iter().copied().filter(obeyed).map(|signal| signal as i32).collect();
    let demanded = Arc::new(AtomicBool::new(false));
    for &signal in signals.iter().filter(|signal| **signal != Number::SIGXCPU as i32) {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&demanded))?;
    }
    let (reader, writer) = UnixStream::pair()?;
    let mut delivery = SignalDelivery::with_pipe(reader, writer, SignalOnly, signals)?;
    thread::Builder::new().name("signals".to_owned()).stack_size(STACK).spawn(move || {
        asked(first(&mut delivery));
        thread::sleep(PAUSE);
        demanded.store(true, Ordering::SeqCst);
    })?;
    Ok(())
}

/// More than `asked` and a log line in it need, in bytes.
const STACK: usize = 256 << 10;

/// Waits for the first of them.
fn first(delivery: &mut SignalDelivery<UnixStream, SignalOnly>) -> Signal {
    loop {
        // It fails only if a signal interrupts it.
        let _ = poll(&mut [PollFd::new(delivery.get_read(), PollFlags::IN)], None);
        if let Some(signal) = delivery.pending().find_map(|signal| Number::try_from(signal).ok()) {
            return Signal(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_shell() {
        assert_eq!((Signal(Number::SIGTERM).name(), Signal(Number::SIGTERM).exit_code()), ("SIGTERM", 143));
        assert_eq!(Signal(Number::SIGINT).exit_code(), 130);
    }
}
