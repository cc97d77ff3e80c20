//! What a worker does because the clock says so, and not a socket.

use std::time::Instant;

use crate::delays::Delays;
use crate::stamp::Stamp;
use crate::worker::Worker;

/// Connections that are turned to in a row before sockets are looked at again.
const BURST: usize = 64;

/// How a slow reader reads.
#[derive(Debug)]
pub(crate) struct SlowReading {
    /// One read takes at most this much.
    pub(crate) bytes: usize,
    /// Connections between two reads.
    pub(crate) pauses: Delays,
}

impl Worker<'_> {
    /// When the clock next asks for something.
    pub(crate) fn next_timed(&self) -> Option<Instant> {
        let message = self.next_due();
        let thought = self.thinking.as_ref().and_then(Delays::next_due);
        let read = self.slow_reading.as_ref().and_then(|reading| reading.pauses.next_due());
        [message, thought, read].into_iter().flatten().min()
    }

    /// Does what is due by now, up to a bound.
    pub(crate) fn do_timed(&mut self) {
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
            self.read_on(token);
        }
    }

    /// A connection makes a pause in reading, if that is how clients read here.
    pub(crate) fn pause_reading(&mut self, token: usize) -> bool {
        let Some(reading) = &mut self.slow_reading else { return false };
        if let Some(connection) = &mut self.connections[token] {
            connection.paused = true;
            reading.pauses.push(token, self.now);
        }
        true
    }

    /// From now on everybody reads as fast as they can.
    pub(crate) fn read_at_full_speed(&mut self) {
        let Some(mut reading) = self.slow_reading.take() else { return };
        while let Some(token) = reading.pauses.pop() {
            self.read_on(token);
        }
    }

    /// Ends a pause. What came meanwhile has been told as an edge and missed: the kernel is asked to tell it
    /// again.
    fn read_on(&mut self, token: usize) {
        if let Some(connection) = &mut self.connections[token] {
            connection.paused = false;
            self.look_again(token);
        }
    }
}
