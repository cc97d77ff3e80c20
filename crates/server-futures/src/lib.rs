//! # futures: `async` by hand
//!
//! ```text
//!               ┌──────────────────────┐  wake(A), wake(C)  ┌──────────────────────┐   poll    ┌──────────────────────┐
//!  A ──┐        │ reactor: whose       │ ─────────────────▶ │ executor: a queue of │ ────────▶ │ A's future: a state  │
//!  B ──┼──────▶ │ socket is ready?     │                    │ tasks to be polled   │ ◀──────── │ and one step further │
//!  C ──┘        └──────────────────────┘                    └──────────────────────┘  Pending  └──────────────────────┘
//! ```
//!
//! What tokio and the compiler do for `async fn`, written out. A conversation is a future: an enum of the places in which
//! it can wait, and a `poll` that goes on from there until it must wait again. Before it does, it has left its waker
//! with the reactor; when its socket is ready, the reactor wakes it, which puts it into the executor's queue. Nothing is
//! polled that has not been woken. For `greet; while let Some(bytes) = receive().await { answer(bytes).await }` the
//! compiler writes this very enum.
//!
//! ```sh
//! cargo run --release -p server-futures                       # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** to understand what `.await` costs and does, or where no runtime fits. **Do not** for a service: tokio has
//! timers, many threads and years of care, and the compiler makes no mistake between two states.

mod executor;
mod reactor;

use std::io;
use std::mem;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chassis::{Knob, Options, Outcome, Shutdown, Summary};
use conversation::Conversation;
use sockets::now;
use sockets::ready::{Exchange, Receipt, Sending, Turn};
use sockets::tasks::{Arrivals, Chunk, Place, Tasks};
use tracing::debug;

use executor::Executor;
use reactor::{Reactor, Source, Woken};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let tasks = Arc::new(Tasks::new(options));
    let mut arrivals = Arrivals::new(listener, Arc::clone(&tasks))?;
    let mut reactor = Reactor::new(arrivals.listener(), shutdown.as_raw_fd())?;
    let mut executor = Executor::new();
    while !arrivals.are_gone() {
        let at_most = if executor.is_idle() { arrivals.time_left() } else { Some(Duration::ZERO) };
        reactor.wake_ready(at_most, |woken| match woken {
            Woken::Listener => arrivals.clients_wait(),
            Woken::Shutdown => arrivals.begin_drain(),
        })?;
        executor.poll_woken();
        // The model: a future for each client, which is polled whenever it has been woken.
        arrivals.accept_batch(|place, stream| executor.spawn(Converse::new(place, reactor.source(stream))));
        tasks.beat();
    }
    arrivals.finish()
}

/// One client's conversation.
struct Converse {
    state: State,
    conversation: Conversation,
    /// Dropped before the socket: when the client sees the end, its place is free.
    place: Place,
    socket: Source,
}

/// Where the conversation stands. The compiler would write it for
/// `greet; while let Some(chunk) = receive { answer(chunk) }`.
enum State {
    Greet,
    Receive,
    /// The chunk, and whether there may be more.
    Answer(Chunk, bool),
    SendRest,
}

/// What comes after a step.
enum Step {
    /// The next one, at once.
    Then(State),
    /// The next one, once something has happened.
    Await(State),
    /// The next one, once the other tasks have had their turn.
    Yield(State),
    End(Outcome),
}

impl Future for Converse {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.socket.take_expect_more() {
            self.conversation.expect_more();
        }
        let mut step = self.look(context);
        loop {
            self.state = match step {
                Step::Then(state) => {
                    step = self.step(state).unwrap_or_else(|error| self.failed(&error));
                    continue;
                }
                Step::Await(state) => state,
                Step::Yield(state) => {
                    context.waker().wake_by_ref();
                    state
                }
                Step::End(outcome) => {
                    self.place.outcome = Some(outcome);
                    return Poll::Ready(());
                }
            };
            match self.socket.leave_waker(context) {
                Ok(()) => return Poll::Pending,
                Err(error) => step = self.failed(&error),
            }
        }
    }
}

impl Converse {
    fn new(place: Place, socket: Source) -> Converse {
        Converse { state: State::Greet, conversation: Conversation::new(now()), place, socket }
    }

    /// One step from this state, as far as it goes without waiting.
    fn step(&mut self, state: State) -> io::Result<Step> {
        let (conversation, shared) = (&mut self.conversation, self.place.shared());
        let mut exchange = Exchange { conversation, wire: &self.socket, shared };
        Ok(match state {
            State::Greet => after(exchange.greet()?, Step::Then(State::Receive)),
            State::Receive => {
                let mut chunk = Chunk::new();
                match exchange.receive(chunk.room())? {
                    Receipt::Chunk { length, filled } => {
                        chunk.came(length);
                        Step::Then(State::Answer(chunk, filled))
                    }
                    Receipt::Nothing => Step::Await(State::Receive),
                    Receipt::Refused => Step::Yield(State::Receive),
                    Receipt::End(outcome) => Step::End(outcome),
                }
            }
            State::Answer(mut chunk, filled) => {
                let sending = exchange.answer(chunk.bytes())?;
                let may_read_on = self.conversation.may_read_on(filled);
                after(
                    sending,
                    if may_read_on { Step::Yield(State::Receive) } else { Step::Await(State::Receive) },
                )
            }
            State::SendRest => after(exchange.send_rest()?, Step::Then(State::Receive)),
        })
    }

    /// Looks at the clock and at the drain after a heartbeat; else goes on where it stands.
    fn look(&mut self, context: &Context<'_>) -> Step {
        let state = mem::replace(&mut self.state, State::Receive);
        let Some(moment) = self.place.feel_beat(context) else { return Step::Then(state) };
        let (conversation, shared) = (&mut self.conversation, self.place.shared());
        match (Exchange { conversation, wire: &self.socket, shared }).look(&moment) {
            Turn::End(outcome) => Step::End(outcome),
            Turn::Wait | Turn::Unfinished => Step::Then(state),
        }
    }

    fn failed(&self, error: &io::Error) -> Step {
        debug!(%error, "connection ended");
        Step::End(self.conversation.failed())
    }
}

/// This step if everything has been sent; else the rest comes first.
fn after(sending: Sending, done: Step) -> Step {
    match sending {
        Sending::Done => done,
        Sending::Blocked => Step::Await(State::SendRest),
        Sending::Refused => Step::Yield(State::SendRest),
    }
}
