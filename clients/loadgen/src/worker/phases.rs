//! What one worker does in each phase of a run.

use std::time::{Duration, Instant};

use super::Worker;
use crate::connection::{Connection, Failure};
use crate::lanes::Asking;
use crate::outcome::{ClientThread, ErrorKind};
use crate::scenario::Dialect;
use crate::schedule::Schedule;
use crate::stamp::Stamp;
use crate::tally::Window;
use crate::tally::times::nanoseconds;
use crate::timer::ExactTimers;
use observe::thread::{cpu_time, run_queue_wait_ns};

impl Worker<'_> {
    /// Waits until all connections are greeted, for `most` at the longest.
    pub(crate) fn await_greetings(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.ungreeted == 0 || worker.is_stopped())
    }

    /// Whether it has connections and none has been greeted yet.
    pub(crate) fn awaits_first_greeting(&self) -> bool {
        self.ungreeted > 0 && self.ungreeted == self.open
    }

    /// Waits until one connection is greeted, for `most` at the longest.
    pub(crate) fn await_first_greeting(&mut self, most: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + most;
        self.turn_until(deadline, |worker| !worker.awaits_first_greeting() || worker.is_stopped())
    }

    /// Makes load from `start` to `end` without counting it.
    ///
    /// The times of an open loop's `schedules` count from `start`, even if this thread starts later, so that
    /// nothing in it is due after `end`: what is due then belongs to the window.
    pub(crate) fn warm_up(
        &mut self,
        start: Instant,
        end: Instant,
        schedules: Vec<Schedule>,
    ) -> anyhow::Result<()> {
        let _exact = self.exact_timers();
        self.loading = true;
        self.now = Instant::now();
        self.follow(schedules, start);
        self.fill();
        self.turn_until(end, Self::is_stopped)
    }

    /// Each open loop has a schedule, and its times count from `start`.
    fn follow(&mut self, schedules: Vec<Schedule>, start: Instant) {
        for (open_loop, schedule) in self.open_loops.iter_mut().zip(schedules) {
            open_loop.follow(schedule, start);
        }
    }

    fn is_stopped(&self) -> bool {
        self.handle.is_stopped()
    }

    /// Puts `depth` messages in flight on each greeted connection that has no clock; a connection that is greeted later
    /// joins then. In churn, opens the first connections.
    fn fill(&mut self) {
        for token in 0..self.active {
            if self.churn.is_some() {
                self.open_next(token);
            } else if let Some(connection) = self.connections[token].as_ref().filter(|known| known.greeted())
                && !self.by_clock[connection.lane]
            {
                // A client that a kind has of its own has one request in flight.
                let depth = if connection.lane == 0 { self.depth } else { 1 };
                self.send(token, depth, Stamp::now(self.now));
            }
        }
    }

    /// Makes load for `length` from `start` and counts it.
    ///
    /// The window ends early if the run is stopped or no connection is left.
    ///
    /// An open loop follows its schedule from then on. What is left of the warm-up's schedule is dropped; its
    /// messages in flight stay.
    pub(crate) fn measure(
        &mut self,
        start: Instant,
        length: Duration,
        schedules: Vec<Schedule>,
    ) -> anyhow::Result<()> {
        let _exact = self.exact_timers();
        // Read before the window, since reading takes some 20 µs.
        let waited = run_queue_wait_ns();
        self.turn_until(start, Self::is_stopped)?;
        // On a busy machine a thread may reach this point late; without a clock its window starts late, too.
        let since = if self.open_loops.is_empty() { Instant::now().max(start) } else { start };
        self.follow(schedules, start);
        let (end, cpu) = (since + length, cpu_time());
        self.tally.window = Window::Open { since };
        let result = self.turn_until(end, Self::is_stopped);
        self.tally.interrupted = self.is_stopped() && self.now < end;
        // What was to become due later, had the window not ended early, never became due.
        let until = self.now.clamp(since, end);
        self.open_loops.iter_mut().for_each(|open_loop| open_loop.cut(until));
        self.tally.window = Window::Closed { since, until };
        if until < end && !self.tally.interrupted {
            self.lose_backlog();
        }
        self.tally.elapsed = self.now.max(since).duration_since(since);
        let cpu = cpu_time().saturating_sub(cpu);
        let waits = run_queue_wait_ns().zip(waited);
        self.tally.threads.push(ClientThread {
            cpu_ns: nanoseconds(cpu),
            elapsed_ns: nanoseconds(self.tally.elapsed),
            run_queue_wait_ns: waits.map(|(after, before)| after.saturating_sub(before)),
        });
        self.loading = false;
        let repeated = self.asking.iter().flat_map(Asking::repeated);
        self.tally.kinds.iter_mut().zip(repeated).for_each(|(kind, repeated)| kind.repeated = repeated);
        result
    }

    /// Waits for the replies to messages in flight; an open loop also sends what fell due within the window and
    /// is still unsent.
    pub(crate) fn drain_for(&mut self, most: Duration) -> anyhow::Result<()> {
        self.read_at_full_speed();
        self.turn_until(Instant::now() + most, |worker| {
            worker.in_flight == 0 && worker.next_due().is_none() && !worker.has_open_slots()
        })?;
        self.give_up_backlog();
        Ok(())
    }

    fn exact_timers(&self) -> Option<ExactTimers> {
        self.is_timed.then(ExactTimers::new)
    }

    /// Counts and gives up the starved connections, before closing the served ones lets the server serve more.
    /// An unserved connection is starved only if another connection, of any worker, was served.
    pub(crate) fn count_starved(&mut self, dialect: Dialect, anyone_served: bool) {
        // Without greetings, a server sends nothing to a connection that is idle or whose first message never fell due.
        let is_waiting = |connection: &Connection| {
            !connection.served() && (dialect.greets() || connection.in_flight() > 0)
        };
        let waiting: Vec<usize> = (0..self.connections.len())
            .filter(|&token| self.connections[token].as_ref().is_some_and(is_waiting))
            .collect();
        for token in waiting {
            if anyone_served {
                self.tally.starved += 1;
                self.give_up(token);
            } else if dialect.greets() {
                let detail = "no connection was greeted".to_owned();
                self.fail(token, Failure { kind: ErrorKind::NoGreeting, detail });
            }
        }
    }

    /// Closes our side of every connection and waits until the server has closed its side.
    pub(crate) fn close_within(&mut self, most: Duration) -> anyhow::Result<()> {
        let now = Instant::now();
        for token in 0..self.connections.len() {
            self.with(token, |connection| connection.finish(now));
        }
        self.turn_until(Instant::now() + most, |_| false)?;
        for token in 0..self.connections.len() {
            if let Some(connection) = &self.connections[token] {
                let detail = format!(
                    "the server did not close within {} ms after the client closed its side ({} messages unanswered)",
                    most.as_millis(),
                    connection.in_flight()
                );
                self.tally.failed(ErrorKind::Stalled, || detail);
                self.give_up(token);
            }
        }
        Ok(())
    }
}
