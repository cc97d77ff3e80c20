//! What becomes of each number of the prime service, and when: a line for each event, in a file. `timeline` asks for it.
//!
//! ```text
//! 5023117042811 received 7 0
//! ```
//!
//! That is the monotonic clock in nanoseconds, which all processes of a machine share; the event; the number; and the thread: 0 is the
//! main thread, each other has a number of its own.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use rustix::time::{ClockId, clock_gettime};

/// Further events are not written: a file of some megabytes.
const MOST: usize = 100_000;

/// The file, once the server runs with one.
static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has been read, and is the next one of its client.
    Received,
    /// Its test has begun.
    Begun,
    /// Its test knows the answer.
    Computed,
}

/// Where events are written to: `--events`.
#[derive(Clone, Debug)]
pub struct EventFile(PathBuf);

struct Journal {
    file: File,
    written: AtomicUsize,
}

impl EventFile {
    /// From now on this process writes its events to this file, which is emptied.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn open(&self) -> io::Result<()> {
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&self.0);
        let file = file.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write events to {}: {error}", self.0.display()))
        })?;
        JOURNAL.get_or_init(|| Journal { file, written: AtomicUsize::new(0) });
        Ok(())
    }
}

impl FromStr for EventFile {
    type Err = std::convert::Infallible;

    fn from_str(file: &str) -> Result<Self, Self::Err> {
        Ok(EventFile(file.into()))
    }
}

/// Whether anybody wants to know: without `--events` this is all that an event costs.
#[inline]
#[must_use]
pub fn are_recorded() -> bool {
    JOURNAL.get().is_some()
}

/// Writes an event, if [anybody wants to know](are_recorded).
pub fn record(event: Event, number: u64) {
    if let Some(journal) = JOURNAL.get()
        && journal.written.fetch_add(1, Relaxed) < MOST
    {
        // One write, so that lines of several threads do not mix. Who reads the file sees that an event is missing.
        let _ = (&journal.file).write_all(line(event, number).as_bytes());
    }
}

fn line(event: Event, number: u64) -> String {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanoseconds) = (now.tv_sec, now.tv_nsec);
    format!("{seconds}{nanoseconds:09} {event} {number} {}\n", this_thread())
}

/// Of the standard library's number for a thread only its text can be had: `ThreadId(2)`.
fn this_thread() -> String {
    let current = thread::current();
    match current.name() {
        Some("main") => "0".to_owned(),
        _ => format!("{:?}", current.id()).chars().filter(char::is_ascii_digit).collect(),
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Event::Received => "received",
            Event::Begun => "begun",
            Event::Computed => "computed",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn events_are_lines_with_time_number_and_thread_in_the_order_in_which_they_happened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("events");
        record(Event::Received, 6);
        assert!(!are_recorded());
        file.to_str().unwrap().parse::<EventFile>().unwrap().open().unwrap();
        assert!(are_recorded());
        record(Event::Received, 7);
        thread::spawn(|| record(Event::Begun, 7)).join().unwrap();
        record(Event::Computed, u64::MAX);
        let text = fs::read_to_string(&file).unwrap();
        let mut before = 0;
        let rest = text.lines().map(|line| {
            let (at, rest) = line.split_once(' ').unwrap();
            let at: u64 = at.parse().unwrap();
            assert!(at > before, "{text}");
            before = at;
            rest.rsplit_once(' ').unwrap()
        });
        let (events, threads): (Vec<&str>, Vec<&str>) = rest.unzip();
        assert_eq!(events, ["received 7", "begun 7", "computed 18446744073709551615"]);
        assert!(threads[0] == threads[2] && threads[0] != threads[1], "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let refusal = "/nowhere/events".parse::<EventFile>().unwrap().open().unwrap_err().to_string();
        assert!(refusal.starts_with("cannot write events to /nowhere/events: "), "{refusal}");
    }
}
