//! The phases of a run, in order.
//!
//! [`run`] does what concerns the run as a whole; a [`Worker`] is what one thread does with its share of
//! the connections. There is one worker; more of them would each own a share, an epoll instance and a
//! tally, and [`Tally::merge`] would add them up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::Phase;
use crate::connect::connect_all;
use crate::connection::{Connection, Failure};
use crate::limits::make_room;
use crate::message::messages;
use crate::outcome::{ErrorKind, Measurement};
use crate::scenario::{Dialect, Scenario};
use crate::tally::{Tally, Window};
use crate::worker::Worker;

/// Makes the load that `scenario` describes on the server at `address`, on the calling thread, and tells
/// `observe` of each [`Phase`] as it begins.
///
/// Takes as long as [`Scenario::longest`] at most, and up to 10 s before that to connect.
///
/// # Errors
/// If the scenario is out of bounds, nothing listens at `address`, or the client's own machine lacks
/// descriptors or ports. What the *server* does wrong is not an error but part of the
/// [`Measurement`].
pub fn run(
    address: SocketAddr,
    scenario: &Scenario,
    mut observe: impl FnMut(Phase),
) -> anyhow::Result<Measurement> {
    scenario.validate()?;
    make_room(scenario.connections as u64)?;
    let messages = messages(scenario)?;
    observe(Phase::Connecting);
    let connected = connect_all(address, scenario.connections)?;

    let mut tally = Tally::new()?;
    tally.connections = scenario.connections as u64;
    for failure in connected.failures {
        tally.failed(ErrorKind::Connect, || failure);
    }
    let connections = connected
        .streams
        .into_iter()
        .zip(messages.iter().cycle())
        .map(|(stream, message)| Connection::new(stream, message, scenario.dialect, scenario.depth));
    let mut worker = Worker::new(connections.collect(), tally, scenario.depth as u64)?;

    observe(Phase::Greeting);
    worker.await_greetings(milliseconds(scenario.greeting_wait_ms))?;
    observe(Phase::WarmUp);
    worker.begin_load();
    worker.run_for(milliseconds(scenario.warm_up_ms))?;
    observe(Phase::Measuring);
    worker.measure_for(milliseconds(scenario.duration_ms))?;
    observe(Phase::Draining);
    worker.drain_for(milliseconds(scenario.drain_ms))?;
    observe(Phase::Closing);
    worker.settle_served(scenario.dialect);
    worker.close_within(milliseconds(scenario.close_ms))?;
    Ok(worker.tally.into_measurement())
}

impl Worker<'_> {
    fn await_greetings(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.ungreeted == 0)
    }

    /// Puts `depth` messages in flight on each greeted connection. One that is greeted later joins then.
    fn begin_load(&mut self) {
        self.loading = true;
        self.now = Instant::now();
        for token in 0..self.connections.len() {
            if self.connections[token].as_ref().is_some_and(Connection::greeted) {
                self.send(token, self.depth);
            }
        }
    }

    fn run_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + duration, |_| false)
    }

    fn measure_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        let (start, cpu) = (Instant::now(), thread_cpu_time());
        self.tally.window = Window::Open { since: start };
        let result = self.turn_until(start + duration, |_| false);
        self.tally.window = Window::Closed { since: start };
        self.tally.elapsed = self.now.max(start).duration_since(start);
        self.tally.client_cpu = thread_cpu_time().saturating_sub(cpu);
        self.loading = false;
        result
    }

    fn drain_for(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.in_flight == 0)
    }

    /// Settles who was served, and gives up the starved connections before the served ones make room.
    fn settle_served(&mut self, dialect: Dialect) {
        let waiting: Vec<usize> = (0..self.connections.len())
            .filter(|&token| self.connections[token].as_ref().is_some_and(|connection| !connection.served()))
            .collect();
        for token in waiting {
            if self.tally.served > 0 {
                self.tally.starved += 1;
                self.remove(token);
            } else if dialect == Dialect::Protocol {
                let detail = "no connection was greeted".to_owned();
                self.fail(token, Failure { kind: ErrorKind::NoGreeting, detail });
            }
        }
    }

    /// Closes our side of every connection and waits until the server has closed its own.
    fn close_within(&mut self, most: Duration) -> anyhow::Result<()> {
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

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
