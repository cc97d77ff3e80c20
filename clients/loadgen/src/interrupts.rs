//! Ctrl-C and other signals to stop a run early, which then reports what it has measured.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result};

use crate::handle::Handle;

/// The requests of this process's user to stop.
#[derive(Debug)]
pub struct Interrupts {
    stop: Handle,
    /// What the process ends with; 0 without a signal.
    code: Arc<AtomicU8>,
}

impl Interrupts {
    /// From now on a signal stops the handle. One more, after a [pause](signals::PAUSE), ends the process at once.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn install() -> Result<Self> {
        let interrupts = Interrupts { stop: Handle::new(), code: Arc::default() };
        let (stop, code) = (interrupts.stop.clone(), Arc::clone(&interrupts.code));
        signals::on_stop(move |signal| {
            code.store(signal.exit_code(), Ordering::SeqCst);
            stop.stop();
        })
        .context("cannot install the handlers for Ctrl-C and other signals")?;
        Ok(interrupts)
    }

    /// What is stopped.
    pub fn stop(&self) -> &Handle {
        &self.stop
    }

    /// The exit code as shells report it, 128 plus the signal's number, if there was a signal.
    pub fn exit_code(&self) -> Option<ExitCode> {
        let code = self.code.load(Ordering::SeqCst);
        (code > 0).then(|| ExitCode::from(code))
    }
}
