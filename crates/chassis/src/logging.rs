//! Log lines on standard error, whatever becomes of their reader.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::level_filters::LevelFilter;

use crate::Options;

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

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
}

/// Standard error that loses a line rather than hold the server up.
///
/// A reader that has gone away makes writes fail; one that has stopped reading makes them block, and
/// with them every thread that logs. So a line is written only if it can be written at once.
pub(crate) struct LossyStderr;

impl Write for LossyStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut stderr = io::stderr().lock();
        // A pipe is writable when a page is free, and no line is longer than a page.
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let writable = poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&now));
        if matches!(writable, Ok(1..)) {
            let _ = stderr.write_all(&line[..line.len().min(4096)]);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
