//! What one worker does in each phase of a run.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::connection::{Connection, Failure};
use crate::outcome::{ClientThread, ErrorKind};
use crate::scenario::Dialect;
use crate::tally::{Window, nanoseconds};
use crate::worker::Worker;

impl Worker<'_> {
    pub(crate) fn await_greetings(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.ungreeted == 0)
    }

    /// Puts `depth` messages in flight on each greeted connection and keeps them there; one that is greeted
    /// later joins then. Nothing is counted yet.
    pub(crate) fn warm_up_until(&mut self, end: Instant) -> anyhow::Result<()> {
        self.loading = true;
        self.now = Instant::now();
        for token in 0..self.connections.len() {
            if self.connections[token].as_ref().is_some_and(Connection::greeted) {
                self.send(token, self.depth);
            }
        }
        self.turn_until(end, |_| false)
    }

    /// Loads from `start` to `end`, and counts.
    pub(crate) fn measure(&mut self, start: Instant, end: Instant) -> anyhow::Result<()> {
        self.turn_until(start, |_| false)?;
        let cpu = thread_cpu_time();
        self.tally.window = Window::Open { since: start };
        let result = self.turn_until(end, |_| false);
        self.tally.window = Window::Closed { since: start };
        self.tally.elapsed = self.now.max(start).duration_since(start);
        self.tally.threads.push(ClientThread {
            cpu_ns: nanoseconds(thread_cpu_time().saturating_sub(cpu)),
            elapsed_ns: nanoseconds(self.tally.elapsed),
        });
        self.loading = false;
        result
    }

    pub(crate) fn drain_for(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.in_flight == 0)
    }

    /// Settles who was served, and gives up the starved connections before the served ones make room.
    /// A connection that was never served is starved only if any other was, of whatever worker.
    pub(crate) fn settle_served(&mut self, dialect: Dialect, anyone_served: bool) {
        let waiting: Vec<usize> = (0..self.connections.len())
            .filter(|&token| self.connections[token].as_ref().is_some_and(|connection| !connection.served()))
            .collect();
        for token in waiting {
            if anyone_served {
                self.tally.starved += 1;
                self.remove(token);
            } else if dialect == Dialect::Protocol {
                let detail = "no connection was greeted".to_owned();
                self.fail(token, Failure { kind: ErrorKind::NoGreeting, detail });
            }
        }
    }

    /// Closes our side of every connection and waits until the server has closed its own.
    pub(crate) fn close_within(&mut self, most: Duration) -> anyhow::Result<()> {
        for token in 0..self.connections.len() {
            self.with(token, Connection::finish);
        }
        self.turn_until(Instant::now() + most, |_| false)?;
        for token in 0..self.connections.len() {
            if let Some(connection) = &self.connections[token] {
                let detail = format!(
                    "the server did not close within {} ms after the client had ({} messages unanswered)",
                    most.as_millis(),
                    connection.in_flight()
                );
                self.fail(token, Failure { kind: ErrorKind::Stalled, detail });
            }
        }
        Ok(())
    }
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // A thread's CPU time is not negative, and its nanoseconds are below a second.
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
