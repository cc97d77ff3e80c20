//! Ctrl-C and SIGTERM for commands that have something to clean up: their line is ended, what they started ends, and the
//! exit code is 128 + signal, as a shell reports it.

use std::io::{IsTerminal, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use text::output;

/// From now on these signals end the process: after `last`, and with the reason in a line of its own. Servers that this
/// process has started as its children end with it.
///
/// # Errors
/// A handler cannot be installed, or the thread that waits for the signals cannot be spawned.
pub(crate) fn end_cleanly(last: impl FnOnce() + Send + 'static) -> Result<()> {
    let (signal, is_ending) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (mut came, bell) = UnixStream::pair().context("cannot create a pair of sockets for signals")?;
    for number in [SIGINT, SIGTERM] {
        // In this order: a second signal ends the process at once, and whoever hears the bell finds the signal.
        flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&is_ending))
            .and_then(|_| flag::register(number, Arc::clone(&is_ending)))
            .and_then(|_| flag::register_usize(number, Arc::clone(&signal), number.unsigned_abs() as usize))
            .and_then(|_| pipe::register(number, bell.try_clone()?))
            .context("cannot install the handler for Ctrl-C")?;
    }
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            if came.read(&mut [0]).is_ok_and(|count| count > 0) {
                last();
                end(signal.load(Ordering::SeqCst));
            }
        })
        .context("cannot spawn the thread that waits for Ctrl-C")?;
    Ok(())
}

fn end(signal: usize) {
    // The terminal has echoed ^C where the cursor was.
    let line_end = if std::io::stderr().is_terminal() { "\n" } else { "" };
    output::note(&format!("{line_end}interrupted"));
    std::process::exit(128 + i32::try_from(signal).unwrap_or(SIGINT));
}
