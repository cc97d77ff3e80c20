//! Ctrl-C and SIGTERM for commands that run for minutes: they end where nothing is lost, and say how to go on.

use std::io::{self, IsTerminal, Read};
use std::os::unix::net::UnixStream;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use loadgen::Handle;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use text::output;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];
const CANNOT: &str = "cannot install the handler for Ctrl-C";

/// Within this time further signals are the same request: terminals, `timeout` and npm send one stop as several signals.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// The requests of this process's user to stop.
#[derive(Debug)]
pub struct Interrupts {
    stop: Handle,
    /// The number of the last signal; 0 without one.
    signal: Arc<AtomicUsize>,
}

impl Interrupts {
    /// From now on SIGINT and SIGTERM stop the handle. Another one, a second later or more, ends the process at once.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn install() -> Result<Self> {
        let stop = Handle::new();
        let (bell, signal) = bell()?;
        for number in SIGNALS {
            flag::register(number, stop.stop_flag()).context(CANNOT)?;
        }
        let last = Arc::clone(&signal);
        watch(move || end_at_the_second(bell, &last))?;
        Ok(Interrupts { stop, signal })
    }

    /// What is stopped.
    pub fn stop(&self) -> &Handle {
        &self.stop
    }

    /// The exit code as shells report it, 128 plus the signal's number, if there was a signal.
    pub fn exit_code(&self) -> Option<ExitCode> {
        let signal = self.signal.load(Ordering::SeqCst);
        (signal > 0).then(|| ExitCode::from(code(signal)))
    }
}

/// From now on SIGINT and SIGTERM end this process with this line on standard error: for what keeps its results as it
/// goes, and has nothing to bring to an end.
///
/// # Errors
/// The handlers cannot be installed.
pub fn end_with(line: impl Fn() -> String + Send + 'static) -> Result<()> {
    let (mut bell, signal) = bell()?;
    watch(move || {
        if bell.read_exact(&mut [0]).is_ok() {
            // Whatever is on the current line, such as the terminal's ^C, ends there.
            let before = if io::stderr().is_terminal() { "\n" } else { "" };
            output::note(&format!("{before}{}", line()));
            process::exit(code(signal.load(Ordering::SeqCst)).into());
        }
    })
}

/// A stream with a byte for each signal, and the number of the last one.
fn bell() -> Result<(UnixStream, Arc<AtomicUsize>)> {
    let signal = Arc::new(AtomicUsize::new(0));
    let (bell, ringer) = UnixStream::pair().context("no descriptors left")?;
    for number in SIGNALS {
        let own = usize::try_from(number).context(CANNOT)?;
        // The order matters: whoever hears the bell finds the number.
        flag::register_usize(number, Arc::clone(&signal), own).context(CANNOT)?;
        low_level::pipe::register(number, ringer.try_clone()?).context(CANNOT)?;
    }
    Ok((bell, signal))
}

fn watch(watching: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name("signals".to_owned()).spawn(watching).context("cannot start a thread")?;
    Ok(())
}

/// Each signal rings once.
fn end_at_the_second(mut bell: UnixStream, signal: &AtomicUsize) {
    let mut first: Option<Instant> = None;
    while bell.read_exact(&mut [0]).is_ok() {
        if first.get_or_insert_with(Instant::now).elapsed() >= SAME_REQUEST {
            process::exit(code(signal.load(Ordering::SeqCst)).into());
        }
    }
}

fn code(signal: usize) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
