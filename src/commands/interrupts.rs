//! Ctrl-C and other signals to stop, for commands that run for long: they end where nothing is lost, and say how to go on.

use std::io::{self, IsTerminal};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result};
use loadgen::Handle;
use text::output;

const CANNOT: &str = "cannot install the handlers for Ctrl-C and other signals";

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
        .context(CANNOT)?;
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

/// From now on a signal ends this process, with the line that `last` returns on standard error: for what keeps its
/// results as it goes, or has none. Servers that this process has started as its children end with it.
///
/// # Errors
/// The handlers cannot be installed.
pub fn end_with(last: impl FnOnce() -> String + Send + 'static) -> Result<()> {
    signals::on_stop(move |signal| {
        // Whatever is on the current line, such as the terminal's ^C, ends there.
        let before = if io::stderr().is_terminal() { "\n" } else { "" };
        output::note(&format!("{before}{}", last()));
        process::exit(signal.exit_code().into());
    })
    .context(CANNOT)
}

/// What a command says that has nothing else to say.
pub fn interrupted() -> String {
    "interrupted".to_owned()
}
