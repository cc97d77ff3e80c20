//! The phases of a run, and the readiness loop that drives all connections through them.
//!
//! [`run`] does what concerns the run as a whole; [`Worker`] is what one thread does with its share of
//! the connections. There is one worker; more of them would each own a share, an epoll instance and a
//! tally, and [`Tally::merge`] would add them up.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use crate::Phase;
use crate::connect::connect_all;
use crate::connection::{Connection, Failure, Received};
use crate::limits::make_room;
use crate::message::messages;
use crate::outcome::{ErrorKind, Measurement};
use crate::scenario::{Dialect, Scenario};
use crate::tally::{Tally, Window};

/// One read takes at most this much; more waits in the socket for the next turn.
const BUFFER_BYTES: usize = 64 * 1024;

/// Events taken from the kernel at once; more wait for the next call.
const EVENTS: usize = 1024;

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
    observe(Phase::Measured);
    worker.settle_served(scenario.dialect);
    observe(Phase::Draining);
    worker.drain_for(milliseconds(scenario.drain_ms))?;
    Ok(worker.tally.into_measurement())
}

struct Worker<'message> {
    epoll: OwnedFd,
    /// By token; `None` once ended or given up.
    connections: Vec<Option<Connection<'message>>>,
    /// How many of them are left.
    open: usize,
    /// How many have not been greeted yet.
    ungreeted: usize,
    tally: Tally,
    depth: u64,
    /// Whether a completed message is followed by a new one.
    loading: bool,
    buffer: Box<[u8]>,
    /// The newest reading of the clock.
    now: Instant,
}

impl<'message> Worker<'message> {
    fn new(connections: Vec<Connection<'message>>, tally: Tally, depth: u64) -> anyhow::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot create an epoll instance")?;
        for (token, connection) in connections.iter().enumerate() {
            epoll::add(&epoll, connection.stream(), EventData::new_u64(token as u64), EventFlags::IN)
                .context("cannot watch a connection with epoll")?;
        }
        Ok(Worker {
            epoll,
            open: connections.len(),
            ungreeted: connections.iter().filter(|connection| !connection.greeted()).count(),
            connections: connections.into_iter().map(Some).collect(),
            tally,
            depth,
            loading: false,
            buffer: vec![0; BUFFER_BYTES].into(),
            now: Instant::now(),
        })
    }

    fn await_greetings(&mut self, most: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + most, |worker| worker.ungreeted == 0)
    }

    /// Puts `depth` messages in flight on each greeted connection. One that is greeted later joins then.
    fn begin_load(&mut self) {
        self.loading = true;
        self.now = Instant::now();
        for token in 0..self.connections.len() {
            let (depth, now) = (self.depth, self.now);
            self.with(token, |connection| {
                if connection.greeted() {
                    connection.queue(depth, now);
                }
                connection.flush()
            });
        }
    }

    fn run_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        self.turn_until(Instant::now() + duration, |_| false)
    }

    fn measure_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        let (start, cpu) = (Instant::now(), thread_cpu_time());
        self.tally.window = Window::Open;
        let result = self.turn_until(start + duration, |_| false);
        self.tally.window = Window::After;
        self.tally.elapsed = self.now.max(start).duration_since(start);
        self.tally.client_cpu = thread_cpu_time().saturating_sub(cpu);
        self.loading = false;
        result
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

    /// Closes our side of every connection and waits until the server has answered and closed its own.
    fn drain_for(&mut self, most: Duration) -> anyhow::Result<()> {
        for token in 0..self.connections.len() {
            self.with(token, Connection::finish);
        }
        self.turn_until(Instant::now() + most, |_| false)?;
        for token in 0..self.connections.len() {
            if let Some(connection) = &self.connections[token] {
                let detail = format!(
                    "the server neither answered {} messages nor closed within {} ms of the client's close",
                    connection.in_flight(),
                    most.as_millis()
                );
                self.fail(token, Failure { kind: ErrorKind::Stalled, detail });
            }
        }
        Ok(())
    }

    /// Handles events until `deadline`, or until `done` or until no connection is left.
    fn turn_until(&mut self, deadline: Instant, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        self.now = Instant::now();
        while self.now < deadline && self.open > 0 && !done(self) {
            let timeout = Timespec::try_from(deadline - self.now).context("a wait is out of range")?;
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("waiting for readiness with epoll failed"),
            }
            if events.is_empty() {
                self.now = Instant::now();
            }
            for event in events.drain(..) {
                let (flags, token) = (event.flags, event.data.u64());
                if let Ok(token) = usize::try_from(token) {
                    self.handle(token, flags);
                }
            }
        }
        Ok(())
    }

    /// Reads, then writes: a server that waits for us to read is always relieved first.
    fn handle(&mut self, token: usize, ready: EventFlags) {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::as_mut) else { return };
        let (was_greeted, was_served) = (connection.greeted(), connection.served());
        let mut due = 0;
        if ready.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            let received = connection.receive(&mut self.buffer);
            self.now = Instant::now();
            match received {
                Ok(Received::Nothing) => {}
                Ok(Received::Reply { bytes, replies }) => {
                    self.tally.arrived(bytes);
                    for _ in 0..replies {
                        self.tally.completed(connection.complete(self.now));
                    }
                    due = replies;
                }
                Ok(Received::End) => return self.remove(token),
                Err(failure) => return self.fail(token, failure),
            }
            // By the end of the window, that is: what is greeted while draining stays starved.
            if !was_served && connection.served() && self.tally.window != Window::After {
                self.tally.served += 1;
            }
            if !was_greeted && connection.greeted() {
                self.ungreeted -= 1;
                due = self.depth;
            }
        }
        if self.loading && due > 0 {
            connection.queue(due, self.now);
        }
        if connection.has_unsent() {
            self.with(token, Connection::flush);
        }
    }

    /// Does something that writes, gives the connection up if it fails, and keeps epoll informed of
    /// whether it waits for the socket to take more.
    fn with(&mut self, token: usize, action: impl FnOnce(&mut Connection<'message>) -> Result<(), Failure>) {
        let Some(connection) = &mut self.connections[token] else { return };
        if let Err(failure) = action(connection) {
            return self.fail(token, failure);
        }
        if connection.has_unsent() == connection.awaits_writable {
            return;
        }
        connection.awaits_writable = connection.has_unsent();
        let interest =
            if connection.awaits_writable { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        let data = EventData::new_u64(token as u64);
        if let Err(error) = epoll::modify(&self.epoll, connection.stream(), data, interest) {
            let detail = format!("watching the connection with epoll failed: {error}");
            self.fail(token, Failure { kind: ErrorKind::Io, detail });
        }
    }

    fn fail(&mut self, token: usize, failure: Failure) {
        self.tally.failed(failure.kind, || failure.detail);
        self.remove(token);
    }

    /// Closes the socket, which also takes it out of epoll.
    fn remove(&mut self, token: usize) {
        if let Some(connection) = self.connections[token].take() {
            self.open -= 1;
            self.tally.unfinished += connection.in_flight();
            if !connection.greeted() {
                self.ungreeted -= 1;
            }
        }
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
