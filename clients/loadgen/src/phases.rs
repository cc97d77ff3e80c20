//! What one worker does in each phase of a run.

use std::time::{Duration, Instant};

use crate::connection::{Connection, Failure};
use crate::outcome::{ClientThread, ErrorKind};
use crate::scenario::Dialect;
use crate::schedule::Schedule;
use crate::stamp::Stamp;
use crate::tally::{Window, nanoseconds};
use crate::timer::ExactTimers;
use crate::worker::Worker;
use observe::thread::{cpu_time, run_queue_wait_ns};

impl Worker<'_> {
    pub(crate) fn await_greetings(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.ungreeted == 0 || worker.is_stopped())
    }

    /// Loads from `start` to `end`, and counts nothing yet.
    ///
    /// An open loop's `schedule` counts from `start` and not from when this thread got going, so that
    /// nothing in it is due after `end`: what is due then belongs to the window.
    pub(crate) fn warm_up(&mut self, start: Instant, end: Instant, schedule: Schedule) -> anyhow::Result<()> {
        let _exact = self.exact_timers();
        self.loading = true;
        self.now = Instant::now();
        match &mut self.open_loop {
            Some(open_loop) => open_loop.follow(schedule, start),
            None => self.fill(),
        }
        self.turn_until(end, Self::is_stopped)
    }

    fn is_stopped(&self) -> bool {
        self.handle.is_stopped()
    }

    /// Puts `depth` messages in flight on each greeted connection; one that is greeted later joins then. In
    /// churn, begins the first connections.
    fn fill(&mut self) {
        for token in 0..self.active {
            if self.churn.is_some() {
                self.open_next(token);
            } else if self.connections[token].as_ref().is_some_and(Connection::greeted) {
                self.send(token, self.depth, Stamp::now(self.now));
            }
        }
    }

    /// Loads for `length` from `start`, and counts.
    ///
    /// An open loop begins `schedule` then; what the warm-up left in its own is forgotten, but not what is in
    /// flight.
    pub(crate) fn measure(
        &mut self,
        start: Instant,
        length: Duration,
        schedule: Schedule,
    ) -> anyhow::Result<()> {
        let _exact = self.exact_timers();
        // Read before the window, for it takes some 20 µs.
        let waited = run_queue_wait_ns();
        self.turn_until(start, Self::is_stopped)?;
        let since = match &mut self.open_loop {
            Some(open_loop) => {
                open_loop.follow(schedule, start);
                start
            }
            // On a busy machine a thread may get here late. What it began before that was not watched.
            None => Instant::now().max(start),
        };
        let (end, cpu) = (since + length, cpu_time());
        self.tally.window = Window::Open { since };
        let result = self.turn_until(end, Self::is_stopped);
        self.tally.interrupted = self.is_stopped() && self.now < end;
        let until = if self.tally.interrupted { self.now.max(since) } else { end };
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.cut(until);
        }
        self.tally.window = Window::Closed { since, until };
        self.tally.elapsed = self.now.max(since).duration_since(since);
        let cpu = cpu_time().saturating_sub(cpu);
        let waits = run_queue_wait_ns().zip(waited);
        self.tally.threads.push(ClientThread {
            cpu_ns: nanoseconds(cpu),
            elapsed_ns: nanoseconds(self.tally.elapsed),
            run_queue_wait_ns: waits.map(|(after, before)| after.saturating_sub(before)),
        });
        self.loading = false;
        result
    }

    /// Waits for what is in flight; an open loop also sends what fell due within the window and has not gone
    /// out.
    pub(crate) fn drain_for(&mut self, most: Duration) -> anyhow::Result<()> {
        self.read_at_full_speed();
        self.turn_until(Instant::now() + most, |worker| {
            worker.in_flight == 0 && worker.next_due().is_none() && !worker.churns_still()
        })?;
        self.give_up_backlog();
        Ok(())
    }

    fn exact_timers(&self) -> Option<ExactTimers> {
        self.is_timed.then(ExactTimers::new)
    }

    /// Settles who was served, and gives up the starved connections before the served ones make room.
    /// A connection that was never served is starved only if any other was, of whatever worker.
    pub(crate) fn settle_served(&mut self, dialect: Dialect, anyone_served: bool) {
        // An echo server has nothing to say to an idle connection.
        let expecting = if dialect == Dialect::Echo { self.active } else { self.connections.len() };
        let waiting: Vec<usize> = (0..expecting)
            .filter(|&token| self.connections[token].as_ref().is_some_and(|connection| !connection.served()))
            .collect();
        for token in waiting {
            if anyone_served {
                self.tally.starved += 1;
                self.give_up(token);
            } else if dialect == Dialect::Protocol {
                let detail = "no connection was greeted".to_owned();
                self.fail(token, Failure { kind: ErrorKind::NoGreeting, detail });
            }
        }
    }

    /// Closes our side of every connection and waits until the server has closed its own.
    pub(crate) fn close_within(&mut self, most: Duration) -> anyhow::Result<()> {
        let now = Instant::now();
        for token in 0..self.connections.len() {
            self.with(token, |connection| connection.finish(now));
        }
        self.turn_until(Instant::now() + most, |_| false)?;
        for token in 0..self.connections.len() {
            if let Some(connection) = &self.connections[token] {
                let detail = format!(
                    "the server did not close within {} ms after the client had ({} messages unanswered)",
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
