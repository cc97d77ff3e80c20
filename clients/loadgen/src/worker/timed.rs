//! What a worker does at a given time rather than when a socket is ready.

use std::time::Instant;

use super::Worker;
use crate::delays::Delays;
use crate::stamp::Stamp;

/// Connections handled in a row before the sockets are polled again.
const BURST: usize = 64;

impl Worker<'_> {
    /// When the next timed action is due.
    pub(super) fn next_timed(&self) -> Option<Instant> {
        let message = self.next_due();
        let think = self.thinking.as_ref().and_then(Delays::next_due);
        let read = self.slow_reading.as_ref().and_then(|reading| reading.pauses.next_due());
        [message, think, read].into_iter().flatten().min()
    }

    /// Performs the actions that are due by now, up to a bound.
    pub(super) fn run_timed(&mut self) {
        if !self.is_timed {
            return;
        }
        self.send_due();
        for _ in 0..BURST {
            let Some(token) = self.thinking.as_mut().and_then(|thinking| thinking.pop_due(self.now)) else {
                break;
            };
            if self.loading {
                self.now = Instant::now();
                self.send(token, 1, Stamp::now(self.now));
            }
        }
        for _ in 0..BURST {
            let Some(reading) = &mut self.slow_reading else { break };
            let Some(token) = reading.pauses.pop_due(self.now) else { break };
            self.resume_reading(token);
        }
    }

    /// Starts a pause in reading, if clients read slowly. Returns whether they do.
    pub(super) fn pause_reading(&mut self, token: usize) -> bool {
        let Some(reading) = &mut self.slow_reading else { return false };
        if let Some(connection) = &mut self.connections[token] {
            connection.paused = true;
            reading.pauses.push(token, self.now);
        }
        true
    }

    /// Ends slow reading: from now on all connections read as fast as possible.
    pub(super) fn read_at_full_speed(&mut self) {
        let Some(mut reading) = self.slow_reading.take() else { return };
        while let Some(token) = reading.pauses.pop() {
            self.resume_reading(token);
        }
    }

    /// Ends a pause. The edge for bytes that arrived meanwhile was reported and ignored, so the socket is
    /// registered again to get a new one.
    fn resume_reading(&mut self, token: usize) {
        if let Some(connection) = &mut self.connections[token] {
            connection.paused = false;
            self.rearm(token);
        }
    }
}
