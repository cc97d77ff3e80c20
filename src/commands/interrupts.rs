//! Ctrl-C and other signals to stop, for commands that run for long and have nothing to bring to an end: `loadgen`'s
//! `Interrupts` are for those that do.

use std::io::{self, IsTerminal};
use std::process;

use anyhow::{Context, Result};
use text::output;

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
    .context("cannot install the handlers for Ctrl-C and other signals")
}

/// What a command says that has nothing else to say.
pub fn interrupted() -> String {
    "interrupted".to_owned()
}
