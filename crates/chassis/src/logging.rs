//! Log lines on standard error, and the one line on standard output. Neither ever makes the server wait.

use std::io::{self, Write};
use std::panic;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level, Metadata, dispatcher, error, warn};
use tracing_subscriber::fmt::MakeWriter;

use crate::options::{LogFormat, Options};
use crate::outlet::{Outlet, Weight, write_whole};

/// Sends the process's log to standard error. Only the first call in a process has an effect.
///
/// A thread of its own writes, so that nobody waits. What standard error does not take is lost and counted, and a
/// warning says how many lines that were as soon as it takes one again.
///
/// # Errors
/// The thread cannot be spawned.
pub fn init_logging(options: &Options) -> io::Result<()> {
    if LOG.get().is_some() {
        return Ok(());
    }
    let log = Outlet::start(io::stderr(), notices(options))?;
    // An error means that another thread was faster.
    let _ = LOG.set(log);
    let level = match (options.quiet, options.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::INFO,
        (_, 1) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let _ = dispatcher::set_global_default(subscriber(options, level, ToLog));
    // The usual hook writes to standard error and waits until it can.
    panic::set_hook(Box::new(|panic| error!("{panic}")));
    Ok(())
}

static LOG: OnceLock<Outlet> = OnceLock::new();

/// Waits a moment for the last lines, once it is dropped: also when a panic ends the program.
pub(crate) struct FlushLog;

impl Drop for FlushLog {
    fn drop(&mut self) {
        flush();
    }
}

fn flush() {
    LOG.get().inspect(|log| log.flush());
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

/// Writes a message that is no event, such as the reason why a server cannot start.
pub(crate) fn complain(message: &str) {
    let line = format!("error: {message}\n");
    match LOG.get() {
        Some(log) => log.push(line.as_bytes(), Weight::Message),
        None => write_if_ready(line.as_bytes()),
    }
}

/// Makes writers for the log: events of some levels are many, those of others are few.
struct ToLog;

impl MakeWriter<'_> for ToLog {
    type Writer = LogLine;

    fn make_writer(&self) -> LogLine {
        LogLine(Weight::Message)
    }

    fn make_writer_for(&self, event: &Metadata<'_>) -> LogLine {
        LogLine(if *event.level() <= Level::INFO { Weight::Message } else { Weight::Detail })
    }
}

/// Takes a line in one piece.
struct LogLine(Weight);

impl Write for LogLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LOG.get().inspect(|log| log.push(line, self.0));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// For the message that there can be no log: without a thread that may wait, there is only a look beforehand.
fn write_if_ready(mut line: &[u8]) {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    if matches!(poll(&mut [PollFd::new(&io::stderr(), PollFlags::OUT)], Some(&now)), Ok(1..)) {
        let _ = write_whole(&io::stderr(), &mut line);
    }
}

/// Prints a line for a parent process that may wait for it, and then finds in the log what was logged before. If nobody
/// reads one or the other, that is no reason to fail, and the server waits only a moment.
///
/// # Errors
/// The thread that prints it cannot be spawned.
pub(crate) fn print(line: String) -> io::Result<()> {
    const PATIENCE: Duration = Duration::from_millis(250);
    flush();
    let (written, is_written) = mpsc::channel();
    let printer = thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        signals::block_in_this_thread();
        let _ = written.send(write_whole(&io::stdout(), &mut line.as_bytes()));
    })?;
    let Ok(result) = is_written.recv_timeout(PATIENCE) else {
        warn!("standard output is not read; the line with the address may be late or lost");
        return Ok(());
    };
    if let Err(error) = result {
        warn!(%error, "cannot write to standard output");
    }
    // It has nothing left to do, and a server has no thread that it does not need. It cannot have panicked.
    let _ = printer.join();
    Ok(())
}

/// Makes the lines about lost lines, in the format of all others.
fn notices(options: &Options) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    let lines = Lines::default();
    let target = lines.clone();
    // Also with `--quiet`: what was lost were errors then.
    let notices = subscriber(options, LevelFilter::WARN, move || target.clone());
    move |lost| {
        dispatcher::with_default(&notices, || warn!(count = lost, "log lines lost"));
        std::mem::take(&mut lines.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn subscriber(
    options: &Options,
    level: LevelFilter,
    writer: impl for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
) -> Dispatch {
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(writer)
        // It would report a failed write with `eprintln!`, which panics when that write fails, too.
        .log_internal_errors(false);
    match options.log_format {
        LogFormat::Text => Dispatch::new(builder.with_ansi(has_colours()).finish()),
        LogFormat::Json => Dispatch::new(builder.json().finish()),
    }
}

/// The same rule as for the output of every command: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`, and whether it is
/// a terminal.
fn has_colours() -> bool {
    text::terminal::colours(&io::stderr()) != ColorChoice::Never
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

    #[test]
    fn a_notice_is_one_line_in_the_format_of_the_log() {
        let text = notices(&Options::default())(17);
        let text = String::from_utf8(text).unwrap();
        assert!(text.ends_with("log lines lost count=17\n") && text.lines().count() == 1, "{text:?}");
        let json = notices(&Options { log_format: LogFormat::Json, quiet: true, ..Options::default() })(17);
        let json = String::from_utf8(json).unwrap();
        assert!(json.contains(r#""fields":{"message":"log lines lost","count":17}"#), "{json:?}");
    }
}
