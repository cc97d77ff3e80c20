//! How a run is told to end early: by Ctrl-C or SIGTERM.
//!
//! The first signal ends the run, which reports what was measured so far. A later one ends the process at once. Terminals,
//! `timeout` and package managers send one stop as two signals within milliseconds, so a second one counts only after a
//! pause.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, low_level::pipe};

use crate::handle::Handle;

/// A signal this long after the first one is impatience.
const PAUSE: Duration = Duration::from_millis(500);

/// What shells add to a signal's number in an exit code.
const SIGNALLED: usize = 128;

/// The signal that ended the run, if one did.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Lets signals stop the run of `handle` from now on.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub(crate) fn stops(handle: &Handle) -> anyhow::Result<Self> {
        let interrupt = Interrupt(Arc::default());
        let (signals, sender) = UnixStream::pair().context("cannot create a pair of sockets for signals")?;
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
            flag::register_usize(signal, Arc::clone(&interrupt.0), number)
                .and_then(|_| pipe::register(signal, sender.try_clone()?))
                .context("cannot install the handlers for Ctrl-C and SIGTERM")?;
        }
        let (interrupted, handle) = (interrupt.clone(), handle.clone());
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || interrupted.listen(signals, &handle))
            .context("cannot spawn a thread for signals")?;
        Ok(interrupt)
    }

    fn listen(&self, mut signals: UnixStream, handle: &Handle) {
        let mut first = None;
        while signals.read_exact(&mut [0]).is_ok() {
            let begun = *first.get_or_insert_with(Instant::now);
            handle.stop();
            if begun.elapsed() >= PAUSE {
                exit(i32::from(self.code()));
            }
        }
    }

    /// The exit code of a command that was ended by a signal, as shells report it.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        // Signal numbers are below 128.
        u8::try_from(SIGNALLED + self.0.load(Ordering::Relaxed)).unwrap_or(u8::MAX)
    }
}

/// Makes a write beyond the limit of a file's size (`ulimit -f`) fail, instead of ending the process.
///
/// # Errors
/// The handler cannot be installed.
pub(crate) fn survive_file_limits() -> anyhow::Result<()> {
    flag::register(SIGXFSZ, Arc::default()).context("cannot install the handler for SIGXFSZ")?;
    Ok(())
}
