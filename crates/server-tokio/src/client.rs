//! What the tasks share, and what each keeps beside its conversation: timeouts, drain, outcome.
//!
//! A timer and a shutdown listener in every task would make each waiting client half as large again. So no
//! task has either: the server's *heartbeat* wakes all of them some times per timeout, and each looks
//! at the clock and at the drain for itself.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chassis::{Counters, Drain, DrainStep, Options, Outcome, Tick, Timeout};
use slab::Slab;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time;
use tracing::debug;

/// What all tasks share.
pub(crate) struct Server {
    pub(crate) counters: Counters,
    options: Options,
    max_connections: usize,
    /// One waker for each client that is connected.
    tasks: Mutex<Slab<Waker>>,
    beats: AtomicU32,
    drain: OnceLock<Drain>,
}

impl Server {
    pub(crate) fn new(options: &Options) -> Server {
        Server {
            counters: Counters::new(),
            options: options.clone(),
            max_connections: options.max_connections(),
            tasks: Mutex::default(),
            beats: AtomicU32::new(0),
            drain: OnceLock::new(),
        }
    }

    /// A place for one more client, unless `--max-conns` are taken.
    pub(crate) fn take_place(self: &Arc<Self>) -> Option<Place> {
        let mut tasks = self.tasks();
        (tasks.len() < self.max_connections)
            .then(|| Place { key: tasks.insert(Waker::noop().clone()), server: Arc::clone(self) })
    }

    /// Wakes every task often enough that no timeout is noticed more than an eighth too late.
    pub(crate) async fn beat(self: Arc<Self>) {
        let timeouts = [self.options.idle_timeout, self.options.write_timeout];
        let Some(shortest) = timeouts.iter().filter_map(|timeout| timeout.duration()).min() else { return };
        loop {
            time::sleep(shortest / 8).await;
            self.wake_all();
        }
    }

    /// Sees all clients off and returns when the last one has gone.
    pub(crate) async fn drain(&self) {
        self.drain.get_or_init(|| Drain::begin(&self.options));
        while !self.tasks().is_empty() {
            self.wake_all();
            time::sleep(Drain::INTERVAL).await;
        }
    }

    fn wake_all(&self) {
        self.beats.fetch_add(1, Relaxed);
        self.tasks().iter().for_each(|(_, task)| task.wake_by_ref());
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn tasks(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the connected clients, given back when it is dropped.
pub(crate) struct Place {
    server: Arc<Server>,
    key: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.server.tasks().try_remove(self.key);
    }
}

/// One client, owned by its task.
pub(crate) struct Client {
    stream: TcpStream,
    place: Place,
    last_activity: Tick,
    /// The server's heartbeats that this task has answered; `None` before its first poll.
    beats_seen: Option<u32>,
    lingers: bool,
    outcome: Outcome,
}

/// What a client is waited for.
#[derive(Clone, Copy, PartialEq)]
enum Waiting {
    ToReceive,
    ToSend,
}

impl Client {
    pub(crate) fn new(stream: TcpStream, place: Place) -> Client {
        // What a task that panics leaves behind.
        let outcome = Outcome::Error;
        Client { stream, place, last_activity: Tick::now(), beats_seen: None, lingers: false, outcome }
    }

    /// Waits until `poll` has received something. `None` if the client is done or the drain says so.
    pub(crate) async fn receive<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>, &mut TcpStream) -> Poll<io::Result<Option<T>>>,
    ) -> io::Result<Option<T>> {
        poll_fn(|context| match poll(context, &mut self.stream) {
            Poll::Pending => self.poll_heartbeat(context, Waiting::ToReceive).map_ok(|()| None),
            received @ Poll::Ready(_) => received,
        })
        .await
    }

    /// Waits until `poll` has sent something, and returns how much.
    pub(crate) async fn send(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>, &mut TcpStream) -> Poll<io::Result<usize>>,
    ) -> io::Result<usize> {
        poll_fn(|context| match poll(context, &mut self.stream) {
            Poll::Pending => self.poll_heartbeat(context, Waiting::ToSend).map_ok(|()| 0),
            sent @ Poll::Ready(_) => sent,
        })
        .await
    }

    /// Notes that something came from the client, and that it was sent this many bytes.
    pub(crate) fn has_taken(&mut self, sent: usize) {
        self.last_activity = Tick::now();
        self.place.server.counters.answer(sent as u64);
    }

    /// Lingering close: if the drain stopped a client in the middle of sending, what it still sends is
    /// thrown away until it closes or the deadline comes. Closing at once, with unread bytes here, would
    /// reset the connection and destroy the tail of its reply.
    pub(crate) async fn linger(&mut self) {
        if !self.lingers
            || poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await.is_err()
        {
            return;
        }
        let discard = |context: &mut Context<'_>, stream: &mut TcpStream| {
            let mut discarded = [0; 4096];
            let mut read = ReadBuf::new(&mut discarded);
            Pin::new(stream)
                .poll_read(context, &mut read)
                .map_ok(|()| (!read.filled().is_empty()).then_some(()))
        };
        while let Ok(Some(())) = self.receive(discard).await {}
    }

    /// Counts how the conversation ended and closes the connection.
    pub(crate) fn finish(mut self, result: io::Result<()>) {
        self.outcome = match &result {
            Ok(()) => Outcome::Completed,
            Err(error) if error.kind() == ErrorKind::TimedOut => Outcome::TimedOut,
            Err(_) if self.step() == DrainStep::Cut => Outcome::Dropped,
            Err(_) => Outcome::Error,
        };
        if let Err(error) = result {
            debug!(%error, outcome = ?self.outcome, "connection ended");
        }
    }

    /// Pending as long as the client may be waited for.
    fn poll_heartbeat(&mut self, context: &mut Context<'_>, waiting: Waiting) -> Poll<io::Result<()>> {
        let server = &self.place.server;
        let beats = server.beats.load(Relaxed);
        if self.beats_seen.is_none()
            && let Some(waker) = server.tasks().get_mut(self.place.key)
        {
            waker.clone_from(context.waker());
        }
        if self.beats_seen.replace(beats) == Some(beats) {
            return Poll::Pending;
        }
        let silent = Tick::now().since(self.last_activity);
        match (waiting, self.step()) {
            (Waiting::ToSend, DrainStep::Cut) => {
                Poll::Ready(Err(io::Error::other("the drain deadline came before the client took its reply")))
            }
            (Waiting::ToReceive, DrainStep::Cut) => Poll::Ready(Ok(())),
            (Waiting::ToReceive, DrainStep::Close) if !self.lingers => Poll::Ready(Ok(())),
            (Waiting::ToReceive, DrainStep::Linger) if !self.lingers => {
                self.lingers = true;
                Poll::Ready(Ok(()))
            }
            (Waiting::ToReceive, _) => timed_out(server.options.idle_timeout, silent, "it sent nothing"),
            (Waiting::ToSend, _) => timed_out(server.options.write_timeout, silent, "it read nothing"),
        }
    }

    fn step(&self) -> DrainStep {
        self.place.server.drain.get().map_or(DrainStep::Answer, |drain| drain.step(self.last_activity))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.place.server.counters.close(self.outcome);
    }
}

fn timed_out(timeout: Timeout, silent: Duration, what: &str) -> Poll<io::Result<()>> {
    if timeout.is_over(silent) {
        return Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, format!("{what} for {silent:?}"))));
    }
    Poll::Pending
}
