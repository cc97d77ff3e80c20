//! The messages in flight on one connection, oldest first, with their timestamps.
//!
//! Replies come in order, so this is a queue. Messages that became due together are one entry, a run, so that 64
//! of them are not stored and recorded 64 times.

use std::collections::VecDeque;
use std::time::Instant;

use crate::stamp::Stamp;

#[derive(Debug)]
pub(super) struct InFlight {
    runs: VecDeque<Run>,
    /// How many of the runs, from the oldest on, are fully written.
    written: usize,
    /// Messages in the other runs.
    waiting: u64,
    /// Messages in all runs.
    messages: u64,
}

/// Messages that became due at the same moment.
#[derive(Debug)]
struct Run {
    stamp: Stamp,
    /// How many of them are still unanswered.
    messages: u64,
}

impl InFlight {
    /// Has room for `depth` runs; more cost an allocation.
    pub(super) fn with_capacity(depth: usize) -> Self {
        InFlight { runs: VecDeque::with_capacity(depth), written: 0, waiting: 0, messages: 0 }
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn push(&mut self, messages: u64, stamp: Stamp) {
        self.runs.push_back(Run { stamp, messages });
        self.waiting += messages;
        self.messages += messages;
    }

    /// Removes the oldest messages, whose replies are complete, and calls `each` with every stamp and the number
    /// of its messages.
    pub(super) fn complete(&mut self, mut replies: u64, mut each: impl FnMut(&Stamp, u64)) {
        while let Some(run) = self.runs.front_mut().filter(|_| replies > 0) {
            let messages = replies.min(run.messages);
            each(&run.stamp, messages);
            replies -= messages;
            run.messages -= messages;
            self.messages -= messages;
            if self.written == 0 {
                // A reply can be complete before its request is written, since the end delimiter gets no reply.
                self.waiting -= messages;
            }
            if run.messages == 0 {
                self.runs.pop_front();
                self.written = self.written.saturating_sub(1);
            }
        }
    }

    /// Stamps the runs that are fully written with `now`; the last byte of `unwritten` messages is not written.
    pub(super) fn stamp_written(&mut self, unwritten: u64, now: Instant) {
        while let Some(run) = self.runs.get_mut(self.written) {
            let behind = self.waiting - run.messages;
            if behind < unwritten {
                return;
            }
            run.stamp.written = Some(now);
            self.written += 1;
            self.waiting = behind;
        }
    }

    /// The stamp of each message, oldest first.
    pub(super) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        self.runs.iter().flat_map(|run| (0..run.messages).map(|_| &run.stamp))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty() && (self.written, self.waiting, self.messages) == (0, 0, 0)
    }
}
