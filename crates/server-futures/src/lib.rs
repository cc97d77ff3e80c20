//! # futures: `async` by hand
//!
//! ```text
//!               ┌──────────────────────┐  wake(A), wake(C)  ┌──────────────────────┐   poll    ┌──────────────────────┐
//!  A ──┐        │ reactor: whose       │ ─────────────────▶ │ executor: a queue of │ ────────▶ │ A's future: a state  │
//!  B ──┼──────▶ │ socket is ready?     │                    │ tasks to be polled   │ ◀──────── │ and one step further │
//!  C ──┘        └──────────────────────┘                    └──────────────────────┘  Pending  └──────────────────────┘
//! ```
//!
//! What tokio and the compiler do for `async fn`, written out. A conversation is a future: an enum of its four steps
//! keeps the state, and `poll` goes on from there until it must wait. Before that it leaves its waker with the reactor;
//! when its socket is ready, the reactor wakes it, which puts it into the executor's queue. Nothing is polled that has not
//! been woken. For `greet; while let Some(bytes) = receive.await { answer(bytes); send_rest.await }` the compiler writes
//! this very enum.
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
mod step;

use std::io;
use std::mem;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chassis::{Knob, Options, Shutdown, Summary};
use conversation::Conversation;
use sockets::now;
use sockets::ready::{Exchange, Receipt, Turn};
use sockets::tasks::{Arrivals, Chunk, Place};
use tracing::debug;

use executor::Executor;
use reactor::{Reactor, Source};
use step::{Step, after};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[];

/// Serves all clients on this thread until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the poller cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut arrivals = Arrivals::new(listener, options)?;
    let reactor = Reactor::new(&arrivals, shutdown)?;
    let mut executor = Executor::new();
    while !arrivals.are_gone() {
        let at_most = if executor.is_idle() { arrivals.time_left() } else { Some(Duration::ZERO) };
        reactor.wake_ready(at_most, &mut arrivals)?;
        executor.poll_woken();
        // The model: a future for each client, which is polled whenever it has been woken.
        arrivals.accept_batch(|place, stream| {
            let (state, conversation) = (State::Greet, Conversation::new(now()));
            executor.spawn(Converse { state, conversation, place, socket: reactor.source(stream) });
        });
        arrivals.beat();
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
/// `greet; while let Some(chunk) = receive { answer(chunk); send_rest }`.
pub(crate) enum State {
    Greet,
    Receive,
    /// The chunk, and whether it filled the buffer, so that there may be more.
    Answer(Chunk, bool),
    SendRest,
}

impl Future for Converse {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut step = self.resume(context);
        loop {
            match step {
                Step::Then(state) => step = self.step(state).unwrap_or_else(|error| self.failed(&error)),
                Step::Await(state) => {
                    self.state = state;
                    self.socket.leave_waker(context);
                    return Poll::Pending;
                }
                Step::Yield(state) => {
                    self.state = state;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::End(outcome) => {
                    self.place.outcome = Some(outcome);
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl Converse {
    /// One step from this state, as far as it goes without waiting.
    fn step(&mut self, state: State) -> io::Result<Step> {
        let mut exchange = self.exchange();
        Ok(match state {
            State::Greet => {
                let sending = exchange.greet()?;
                self.socket.watch()?;
                after(sending, Step::Then(State::Receive))
            }
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
                let next = if self.conversation.may_read_on(filled) { Step::Yield } else { Step::Await };
                after(sending, next(State::Receive))
            }
            State::SendRest => after(exchange.send_rest()?, Step::Then(State::Receive)),
        })
    }

    /// Goes on where it stands; after a heartbeat, with a look at the clock and at the drain first.
    fn resume(&mut self, context: &Context<'_>) -> Step {
        let state = mem::replace(&mut self.state, State::Receive);
        if self.socket.take_more() {
            self.conversation.expect_more();
        }
        let Some(moment) = self.place.feel_beat(context) else { return Step::Then(state) };
        match self.exchange().look(&moment) {
            Turn::End(outcome) => Step::End(outcome),
            Turn::Wait | Turn::Unfinished => Step::Then(state),
        }
    }

    fn exchange(&mut self) -> Exchange<'_, Source> {
        let (conversation, shared) = (&mut self.conversation, self.place.shared());
        Exchange { conversation, wire: &self.socket, shared }
    }

    fn failed(&self, error: &io::Error) -> Step {
        debug!(%error, "connection ended");
        Step::End(self.conversation.failed())
    }
}
