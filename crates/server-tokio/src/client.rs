//! What the tasks share, and what each keeps beside its conversation: timeouts, drain, outcome.
//!
//! A timer and a shutdown listener in every task would make each waiting client half as large again. So no
//! task has either: the server's *heartbeat* wakes all of them some times per timeout, and each looks
//! at the clock and at the drain for itself.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::Shutdown as Direction;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chassis::{Counters, Drain, DrainStep, Options, Outcome, Tick, Timeout};
use slab::Slab;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::{task, time};
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
            beats: AtomicU32::new(1),
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
            // After a time in which the process was stopped, the timer is ahead of the sockets: the runtime
            // must report what has arrived before anybody is found to have been silent for too long.
            task::yield_now().await;
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
    pub(crate) stream: TcpStream,
    place: Place,
    /// What the client did not take of its last reply yet.
    tail: Box<[u8]>,
    last_activity: Tick,
    /// The last heartbeat that this task has looked at; 0 before its first wait.
    beat_seen: u32,
    lingers: bool,
    outcome: Outcome,
}

/// What a client is waited for.
#[derive(Clone, Copy)]
enum Waiting {
    ToReceive,
    ToSend,
}

impl Client {
    pub(crate) fn new(stream: TcpStream, place: Place) -> Client {
        Client {
            stream,
            place,
            tail: Box::default(),
            last_activity: Tick::now(),
            beat_seen: 0,
            lingers: false,
            // What a task that panics leaves behind.
            outcome: Outcome::Error,
        }
    }

    /// Waits until `poll` has received something. `None` if the client is done or the drain says so.
    pub(crate) fn receive<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>, &mut Client) -> Poll<io::Result<Option<T>>>,
    ) -> impl Future<Output = io::Result<Option<T>>> {
        poll_fn(move |context| {
            // A client that always has more to read never waits, and so would never see the heartbeat.
            if self.is_stopped() {
                return Poll::Ready(Ok(None));
            }
            loop {
                match poll(context, self) {
                    Poll::Pending => {
                        return self.poll_heartbeat(context, Waiting::ToReceive).map_ok(|()| None);
                    }
                    Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                    received @ Poll::Ready(_) => return received,
                }
            }
        })
    }

    /// Whether the drain reads no more from this client, although it may have more to say.
    fn is_stopped(&mut self) -> bool {
        match self.step() {
            DrainStep::Cut => true,
            DrainStep::Linger => !std::mem::replace(&mut self.lingers, true),
            DrainStep::Answer | DrainStep::Close => false,
        }
    }

    /// Sends a reply without waiting, and keeps what does not fit.
    pub(crate) fn send(&mut self, reply: &[u8]) -> io::Result<()> {
        let sent = match uninterrupted(|| self.stream.try_write(reply)) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        self.tail = reply[sent..].into();
        self.has_sent(sent);
        Ok(())
    }

    fn has_sent(&mut self, sent: usize) {
        self.last_activity = Tick::now();
        self.place.server.counters.answer(sent as u64);
    }

    /// Waits until the client has taken what did not fit.
    pub(crate) fn send_tail(&mut self) -> impl Future<Output = io::Result<()>> {
        poll_fn(|context| {
            while !self.tail.is_empty() {
                match Pin::new(&mut self.stream).poll_write(context, &self.tail) {
                    Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                    Poll::Ready(sent) => {
                        let sent = sent?;
                        self.tail = self.tail[sent..].into();
                        self.has_sent(sent);
                    }
                    Poll::Pending => return self.poll_heartbeat(context, Waiting::ToSend),
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Notes how the conversation ended and takes leave of the client.
    pub(crate) async fn finish(&mut self, result: io::Result<()>) {
        self.outcome = match &result {
            Ok(()) => Outcome::Completed,
            // With an errno it is not a timeout of ours: the kernel has given the client up.
            Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                Outcome::TimedOut
            }
            Err(_) if self.step() == DrainStep::Cut => Outcome::Dropped,
            Err(_) => Outcome::Error,
        };
        match result {
            Ok(()) if self.lingers => self.linger().await,
            Ok(()) => {}
            Err(error) => debug!(%error, outcome = ?self.outcome, "connection ended"),
        }
    }

    /// Lingering close. The drain has stopped this client in the middle of sending: it gets a FIN, and
    /// what it still sends is thrown away until it closes or the deadline comes. Closing at once, with
    /// unread bytes here, would reset the connection and destroy the tail of its reply.
    async fn linger(&mut self) {
        let discard = |context: &mut Context<'_>, client: &mut Client| {
            let mut discarded = [0; 4096];
            let mut read = ReadBuf::new(&mut discarded);
            Pin::new(&mut client.stream)
                .poll_read(context, &mut read)
                .map_ok(|()| (!read.filled().is_empty()).then_some(()))
        };
        if SockRef::from(&self.stream).shutdown(Direction::Write).is_ok() {
            while let Ok(Some(())) = self.receive(discard).await {}
        }
    }

    /// Pending as long as the client may be waited for.
    fn poll_heartbeat(&mut self, context: &mut Context<'_>, waiting: Waiting) -> Poll<io::Result<()>> {
        let server = &self.place.server;
        let beat = server.beats.load(Relaxed);
        let seen = std::mem::replace(&mut self.beat_seen, beat);
        if seen == 0
            && let Some(waker) = server.tasks().get_mut(self.place.key)
        {
            waker.clone_from(context.waker());
        }
        if seen == 0 || seen == beat {
            return Poll::Pending;
        }
        let silent = Tick::now().since(self.last_activity);
        if matches!(waiting, Waiting::ToReceive) && self.is_stopped() {
            return Poll::Ready(Ok(()));
        }
        let options = &self.place.server.options;
        match (waiting, self.step()) {
            (Waiting::ToSend, DrainStep::Cut) => {
                Poll::Ready(Err(io::Error::other("the drain deadline came before the client took its reply")))
            }
            (Waiting::ToReceive, DrainStep::Close) if !self.lingers => Poll::Ready(Ok(())),
            (Waiting::ToReceive, _) => timed_out(options.idle_timeout, silent, "it sent nothing"),
            (Waiting::ToSend, _) => timed_out(options.write_timeout, silent, "it read nothing"),
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

/// Makes a call again that a signal has interrupted.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn timed_out(timeout: Timeout, silent: Duration, what: &str) -> Poll<io::Result<()>> {
    if timeout.is_over(silent) {
        return Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, format!("{what} for {silent:?}"))));
    }
    Poll::Pending
}
