//! Lines for a stream that may not take them: full, stalled, closed, or shared with others who fill it.
//!
//! ```text
//!   any thread ── push ──► queue, bounded ──► a thread of its own ── write ──► stream
//! ```
//!
//! No test beforehand says whether a write will block: others may fill the stream in between, and a terminal is
//! writable while it takes one more byte. `O_NONBLOCK` would change the stream for every process that shares it. So a
//! thread writes, which may wait for ever, and nobody waits for it. What does not fit into the queue and what
//! cannot be written is lost, and counted.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};

/// How much it matters that a line arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// One of many, such as one for each client.
    Detail,
    /// One of few: it has a place even if details have taken all of theirs.
    Message,
}

/// The end at which lines are put in.
pub(crate) struct Outlet {
    queue: Arc<Queue>,
}

impl Outlet {
    /// Starts the thread that writes to `stream`. `notice` is a line that says how many lines were lost; it is written
    /// when the stream works again, before anything else.
    ///
    /// # Errors
    /// The thread cannot be spawned.
    pub(crate) fn start(
        stream: impl AsFd + Send + 'static,
        notice: impl Fn(u64) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Outlet> {
        let queue = Arc::new(Queue::default());
        let mut writer = Writer { stream, notice, lost: 0, is_torn: false };
        let outlet = Outlet { queue: Arc::clone(&queue) };
        thread::Builder::new().name("log".to_owned()).stack_size(STACK).spawn(move || {
            signals::block_in_this_thread();
            while let Some(entry) = queue.take() {
                writer.write(&entry);
                queue.note_done();
            }
        })?;
        Ok(outlet)
    }

    /// Puts in a line, or loses it. Never waits for the stream.
    pub(crate) fn push(&self, line: &[u8], weight: Weight) {
        self.queue.push(line, weight);
    }

    /// Waits until everything is written, but not for long if the stream takes nothing: until one line has been in the
    /// writing for [`PATIENCE`], and for [`MOST_PATIENCE`] in all.
    pub(crate) fn flush(&self) {
        let mut state = self.queue.lock();
        // So that the number of lost lines is told even if no line follows.
        state.entries.push_back(Entry::Lost(0));
        state.pushed += 1;
        self.queue.filled.notify_one();
        let (goal, mut seen, mut waited) = (state.pushed, state.done, Duration::ZERO);
        let mut total = Duration::ZERO;
        // In slices, so that time in which the whole process was stopped counts as one of them at most.
        while state.done < goal && waited < PATIENCE && total < MOST_PATIENCE {
            let is_behind = |state: &mut State| state.done < goal;
            let wait = self.queue.written.wait_timeout_while(state, SLICE, is_behind);
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
            // A thread that has not come to run on a busy machine is not a stream that takes nothing.
            let is_stuck = state.is_writing && state.done == seen;
            waited = if is_stuck { waited + SLICE } else { Duration::ZERO };
            total += SLICE;
            seen = state.done;
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.filled.notify_one();
    }
}

/// How long a flush waits for a stream that takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it waits for one that takes little at a time, or for a thread that does not come to run.
const MOST_PATIENCE: Duration = Duration::from_secs(5);
const SLICE: Duration = Duration::from_millis(25);

/// The most that waits, in bytes: some thousand lines, and then as many messages.
const ROOM: usize = 256 << 10;
const ROOM_WITH_MESSAGES: usize = 2 * ROOM;

/// Formatting a line needs a part of it, in bytes.
const STACK: usize = 256 << 10;

/// What waits to be written.
enum Entry {
    Line(Box<[u8]>),
    /// This many lines were lost here, since there was no room. Whatever was lost is told, if it can be.
    Lost(u64),
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    /// What the lines among them take.
    bytes: usize,
    /// Whether details are lost until half the room is free again: so the log has whole stretches, each with one notice.
    is_full: bool,
    is_closed: bool,
    /// Whether the thread has an entry in hand.
    is_writing: bool,
    /// Entries so far, and how many of them are dealt with.
    pushed: u64,
    done: u64,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it is held would leave counters, not lines, in doubt.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8], weight: Weight) {
        let mut state = self.lock();
        let state = &mut *state;
        let all = state.bytes + cost(line);
        state.is_full = all > if state.is_full { ROOM / 2 } else { ROOM };
        let is_lost = all > ROOM_WITH_MESSAGES || state.is_full && weight == Weight::Detail;
        match state.entries.back_mut() {
            Some(Entry::Lost(lines)) if is_lost => {
                *lines += 1;
                return;
            }
            _ if is_lost => state.entries.push_back(Entry::Lost(1)),
            _ => {
                state.entries.push_back(Entry::Line(line.into()));
                state.bytes = all;
            }
        }
        state.pushed += 1;
        self.filled.notify_one();
    }

    /// The next entry, or `None` at the end.
    fn take(&self) -> Option<Entry> {
        let is_idle = |state: &mut State| state.entries.is_empty() && !state.is_closed;
        let wait = self.filled.wait_while(self.lock(), is_idle);
        let mut state = wait.unwrap_or_else(PoisonError::into_inner);
        let entry = state.entries.pop_front();
        state.is_writing = entry.is_some();
        if let Some(Entry::Line(line)) = &entry {
            state.bytes -= cost(line);
        }
        if state.entries.is_empty() {
            // After a flood the queue would keep its room.
            state.entries.shrink_to(64);
        }
        entry
    }

    fn note_done(&self) {
        let mut state = self.lock();
        state.done += 1;
        state.is_writing = false;
        drop(state);
        self.written.notify_all();
    }
}

fn cost(line: &[u8]) -> usize {
    line.len() + size_of::<Entry>()
}

/// The end at which lines come out.
struct Writer<Stream, Notice> {
    stream: Stream,
    notice: Notice,
    /// Lines that were lost and not told of.
    lost: u64,
    /// Whether the stream ends in the middle of a line.
    is_torn: bool,
}

impl<Stream: AsFd, Notice: Fn(u64) -> Vec<u8>> Writer<Stream, Notice> {
    fn write(&mut self, entry: &Entry) {
        if let Entry::Lost(lines) = entry {
            self.lost += lines;
        }
        if self.lost > 0 && self.tell() {
            self.lost = 0;
        }
        if let Entry::Line(line) = entry {
            // While the notice cannot be written, neither can what follows it.
            if self.lost > 0 || !self.put(line) {
                self.lost += 1;
            }
        }
    }

    fn tell(&mut self) -> bool {
        let mut notice = (self.notice)(self.lost);
        if self.is_torn {
            notice.insert(0, b'\n');
        }
        self.put(&notice)
    }

    /// Writes a line by one call, if it can be, so that lines of others do not come between.
    fn put(&mut self, line: &[u8]) -> bool {
        let mut rest = line;
        let ended = write_whole(&self.stream, &mut rest);
        self.is_torn = if rest.len() == line.len() { self.is_torn } else { ended.is_err() };
        ended.is_ok()
    }
}

/// Writes until nothing is left, and waits as long as it takes.
///
/// # Errors
/// The stream is broken, or full for good. What could not be written is left in `bytes`.
pub(crate) fn write_whole(stream: &impl AsFd, bytes: &mut &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(stream, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(length) => *bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            // Another process has set `O_NONBLOCK` on what it shares with us.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(stream, PollFlags::OUT)], None);
                // A stream may count as writable and still refuse a whole line.
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
