//! Log lines on standard error that never block the server, even if nobody reads them.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::panic;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use tracing::error;
use tracing::level_filters::LevelFilter;

use crate::options::{LogFormat, Options};

/// Sends the process's log to standard error. Only the first call in a process has an effect.
pub fn init_logging(options: &Options) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::INFO,
        (_, 1) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(|| LossyStderr)
        // It would report a failed write with `eprintln!`, which panics when that write fails, too.
        .log_internal_errors(false);
    // An error means that a logger is there already, as in a test that runs two servers.
    let _ = match options.log_format {
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).try_init().err(),
        LogFormat::Json => builder.json().try_init().err(),
    };
    // The usual hook writes to standard error and waits until it can.
    panic::set_hook(Box::new(|panic| error!("{panic}")));
}

/// Lets one line a second through, where clients determine how many there would be.
#[derive(Debug, Default)]
pub struct LogLimit {
    logged: Option<Instant>,
}

impl LogLimit {
    /// A limit that lets the first line through.
    #[must_use]
    pub const fn new() -> LogLimit {
        LogLimit { logged: None }
    }

    /// Whether a line may be written now; if so, the next one may a second later.
    pub fn allows(&mut self) -> bool {
        const INTERVAL: Duration = Duration::from_secs(1);
        let allows = self.logged.is_none_or(|logged| logged.elapsed() >= INTERVAL);
        if allows {
            self.logged = Some(Instant::now());
        }
        allows
    }
}

/// Standard error that loses a line rather than block the server.
pub(crate) struct LossyStderr;

impl Write for LossyStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match TERMINAL.get_or_init(open_terminal) {
            // What does not fit is lost.
            Some(terminal) => drop((&*terminal).write(line)),
            None => write_or_lose(io::stderr().lock(), line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard error, if it is a terminal, opened a second time so that no write blocks. Other processes that have it open
/// are not affected: this is a file description of our own.
static TERMINAL: OnceLock<Option<File>> = OnceLock::new();

/// A terminal, unlike a pipe, counts as writable as long as it takes one more byte.
fn open_terminal() -> Option<File> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    OpenOptions::new().write(true).custom_flags(flags).open("/dev/stderr").ok()
}

/// Writes a line if the stream takes it at once.
///
/// A reader that has gone away makes writes fail; one that has stopped reading makes them block, and
/// with them every thread that writes.
pub(crate) fn write_or_lose(mut stream: impl Write + AsFd, line: &[u8]) {
    // A pipe is writable when a page is free, and no line is longer than a page.
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let writable = poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&now));
    if matches!(writable, Ok(1..)) {
        let _ = stream.write_all(&line[..line.len().min(4096)]).and_then(|()| stream.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_lines_at_once_few_are_written() {
        let start = Instant::now();
        let mut limit = LogLimit::new();
        let written = (0..1_000).filter(|_| limit.allows()).count();
        assert!((1..=1 + start.elapsed().as_secs()).contains(&(written as u64)), "{written} lines");
    }
}
