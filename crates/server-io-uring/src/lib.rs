//! # io-uring: one thread, completion instead of readiness
//!
//! ```text
//!              submission queue: receive from A, send "bc" to B, …
//!            ┌───────────────────────────────────────────────────┐
//!            │                                                   ▼
//!  ┌─────────┴───────────────────┐            ┌─────────────────────────────────────┐
//!  │ for each completion: answer │            │ kernel: does it all in one call, or │
//!  │ in place, ask for the send  │            │ later, when bytes have come         │
//!  └─────────────────────────────┘            └──────────────────┬──────────────────┘
//!            ▲                                                   │
//!            └───────────────────────────────────────────────────┘
//!              completion queue: "^bc$" of A in buffer 7, a new client D, …
//! ```
//!
//! A poller says who *can* be served, and then each read and each write is a call of its own. Here the kernel is told what
//! is wanted and says what *has been done*. Both sides write into queues in shared memory, and one call for each
//! turn of the loop hands over all sends and brings all receives.
//!
//! One accept and one receive for each client are asked for once and complete again and again (*multishot*). The buffers
//! are the loop's, not the clients': the kernel takes one when bytes have come (the *buffer ring*), and has it back after
//! the next call. Clients have no file descriptors, only places in a table of the ring (*direct descriptors*).
//!
//! ```sh
//! cargo run --release -p server-io-uring                      # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** on a recent Linux (6.17) for clients that come and go, which it serves at the least cost, or, with `--rings`, for
//! more of them than a process may have descriptors. **Do not** where it is forbidden, as in many containers, or for streams of short
//! messages or large ones: mio costs less.
#![cfg(target_os = "linux")]

mod accept;
mod client;
mod close;
mod common;
mod looks;

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;
use std::num::NonZeroUsize;

use chassis::{Knob, Options, Shutdown, Summary};
use conversation::{Next, Question, Watch};
use rustix::io::Errno;
pub use sockets::completion::missing;
use sockets::completion::{
    Acceptor, Completion, Key, Operation, Outgoing, Payload, Ring, Sent, Unread, run_rings,
};
use sockets::now;

use client::{Client, Wait, client};
use common::Common;
use looks::Looks;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Rings];

/// Serves all clients until shutdown is requested: on this thread, or with `--rings` on as many.
///
/// # Errors
/// A listener is broken or cannot be made, or the kernel has no `io_uring` for this process.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let (common, rings) = (Common::new(options, shutdown), options.rings.map_or(1, NonZeroUsize::get));
    let ended = run_rings(listener, rings, shutdown, |listener| EventLoop::new(listener, &common)?.run());
    common.shared.counters.finish(ended)
}

struct EventLoop<'server> {
    ring: Ring,
    acceptor: Acceptor,
    /// By the places of their sockets in the ring's table.
    clients: Vec<Option<Client>>,
    open: usize,
    /// Replies that their clients have not taken yet, copied out of the ring's buffers.
    tails: HashMap<Key, Outgoing>,
    /// What came all the same of clients that are not read now.
    unread: Unread,
    /// Somebody waits for what becomes of a send. If all of it goes no completion says so, and the next turn must not wait.
    is_awaited: bool,
    watch: Watch,
    looks: Looks,
    served: u64,
    /// The error that ended the listener.
    ended: io::Result<()>,
    common: &'server Common<'server>,
}

impl EventLoop<'_> {
    /// Serves until shutdown is requested; how many clients there were.
    fn run(mut self) -> io::Result<u64> {
        let (mut sent, mut completions) = (Vec::new(), Vec::new());
        while !self.is_done() {
            self.acceptor.ask_if_due(&mut self.ring);
            self.ring.turn(self.time_left(), &mut sent, &mut completions)?;
            self.is_awaited = false;
            // Who has not taken all of a reply is not answered again before, so this is first.
            sent.drain(..).for_each(|sent| self.sent(sent));
            completions.drain(..).for_each(|completion| self.complete(completion));
            self.look_if_due();
        }
        self.ended.map(|()| self.served)
    }

    fn complete(&mut self, completion: Completion) {
        let Completion { key, result, .. } = completion;
        let client = client(&mut self.clients, key);
        match (completion.operation, client) {
            (Operation::Accept, _) => return self.accepted(&completion),
            (Operation::CancelAccept, _) => return self.acceptor.stop(&mut self.ring),
            (Operation::Stop, _) => return self.begin_drain(),
            (Operation::Receive, _) => self.received(completion),
            (Operation::Room, Some(client)) => {
                if !completion.more {
                    client.end(Wait::Room);
                    client.end(Wait::RoomEnd);
                }
                self.send_rest(key);
            }
            (Operation::Fin, Some(client)) => {
                client.end(Wait::Fin);
                client.conversation.fin_sent(now());
            }
            (Operation::Unread, Some(_)) => self.answered(key, Question::Unread, result),
            (Operation::Untaken, Some(_)) => self.answered(key, Question::Untaken, result),
            // These two have failed: it was not found. It is asked for again if it has not ended meanwhile.
            (Operation::CancelReceive, Some(client)) => client.end(Wait::ReceiveEnd),
            (Operation::CancelRoom, Some(client)) => client.end(Wait::RoomEnd),
            (Operation::Close | Operation::Send, _) | (_, None) => {}
        }
        self.advance(key);
    }

    /// A receive has brought bytes, the client's end, or an error; or it has ended for a reason of the kernel's.
    fn received(&mut self, completion: Completion) {
        let Completion { key, result, more, payload, .. } = completion;
        let Some(client) = client(&mut self.clients, key) else { return self.ring.discard(payload) };
        if !more {
            client.end(Wait::Receive);
            client.end(Wait::ReceiveEnd);
        }
        let must_wait = client.has(Wait::Send) || client.conversation.owes() || self.unread.has(key);
        match result {
            _ if client.has(Wait::Leave) => self.ring.discard(payload),
            Ok(_) if must_wait => {
                self.unread.keep(key, self.ring.copy_out(payload));
                self.stop_receiving(key);
            }
            Ok(_) => self.answer(key, payload),
            // No buffer was left, or it was cancelled: it is asked for again.
            Err(Errno::NOBUFS | Errno::CANCELED | Errno::INTR | Errno::AGAIN) => self.ring.discard(payload),
            Err(errno) => {
                self.ring.discard(payload);
                self.fail(key, &errno.into());
            }
        }
    }

    /// Answers in place, and hands the reply over: one send, however many messages there were. No bytes are the
    /// client's end. A panic on the way ends this client only.
    fn answer(&mut self, key: Key, mut payload: Payload) {
        let Some(client) = client(&mut self.clients, key) else { return };
        match self.ring.answer(&mut client.conversation, &mut payload) {
            Ok(0) => self.ring.discard(payload),
            Ok(to) => self.send(key, Outgoing { payload, from: 0, to, is_rest: false }),
            Err(error) => {
                self.ring.discard(payload);
                self.fail(key, &error);
            }
        }
    }

    fn send(&mut self, key: Key, outgoing: Outgoing) {
        if let Some(client) = client(&mut self.clients, key) {
            client.begin(Wait::Send);
            self.ring.send(key, outgoing);
        }
    }

    /// What has become of a reply. What did not fit is copied out, so that the kernel has its buffer again.
    fn sent(&mut self, sent: Sent) {
        let Sent { key, mut outgoing, result, at } = sent;
        let Some(client) = client(&mut self.clients, key) else { return self.ring.discard(outgoing.payload) };
        client.end(Wait::Send);
        let (count, is_full) = match result {
            Ok(count) => (count, false),
            Err(Errno::INTR | Errno::CANCELED) => (0, false),
            Err(Errno::AGAIN) => (0, true),
            Err(errno) => {
                self.ring.discard(outgoing.payload);
                return self.fail(key, &errno.into());
            }
        };
        self.common.shared.counters.answer(count as u64);
        if outgoing.is_rest {
            client.conversation.sent_more(count, at);
        } else {
            client.conversation.sent_of_own(self.ring.unsent(&mut outgoing), count, at);
        }
        if let Some(rest) = self.ring.rest(outgoing, count) {
            self.tails.insert(key, rest);
            // Only of a socket that has refused a send there is word when it has room.
            if !is_full && !client.has(Wait::Leave) {
                self.send_rest(key);
            }
        }
        self.look_again(key);
        self.advance(key);
    }

    /// There may be room for what a client has not taken. Once all of it has gone, the client is read again.
    fn send_rest(&mut self, key: Key) {
        if let Some(rest) = self.tails.remove(&key) {
            self.is_awaited = true;
            self.send(key, rest);
        }
    }

    /// Asks the kernel for what this client needs next.
    fn advance(&mut self, key: Key) {
        while let Some(client) = client(&mut self.clients, key) {
            if client.has(Wait::Leave) {
                return self.release(key);
            }
            match client.conversation.next_step() {
                // A client that does not take its replies is not read.
                Next::Send => {
                    if !client.has(Wait::Send) && client.begins(Wait::Room) {
                        self.ring.await_room(key);
                    }
                    return self.stop_receiving(key);
                }
                Next::Receive if client.has(Wait::Receive) && !self.unread.has(key) => return,
                // It depends on what becomes of the reply. (No receive begins before: it would bring two parts at once.)
                _ if client.has(Wait::Send) => return self.is_awaited = true,
                Next::Receive if self.unread.has(key) => {
                    let part = self.unread.next(key).unwrap_or_default();
                    self.answer(key, Payload::Own(part));
                }
                Next::Receive if client.begins(Wait::Receive) => return self.ring.receive(key),
                Next::Fin if client.begins(Wait::Fin) => return self.ring.send_fin(key),
                Next::Receive | Next::Fin | Next::Result => return,
                Next::End(outcome) => return self.close(key, outcome),
                Next::Work(never) => match never {},
            }
        }
    }
}
