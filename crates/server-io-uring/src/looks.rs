//! What no completion reports: that a client has been silent for too long, or that it may go in a drain. What depends on the
//! socket is asked for as everything else is, and decided when the answer is there.

use std::collections::HashMap;
use std::time::Duration;

use chassis::Outcome;
use conversation::{Known, Look, Moment, Question};
use rustix::io::Errno;
use sockets::completion::Key;
use sockets::now;
use tracing::debug;

use crate::client::Wait;
use crate::{EventLoop, client};

/// Looks that are under way.
#[derive(Default)]
pub(crate) struct Looks {
    /// The latest moment.
    moment: Option<Moment>,
    /// Who is to be looked at once an answer has come, or once it is known what became of a send; and what is known.
    pending: HashMap<Key, Known>,
}

impl EventLoop<'_> {
    pub(crate) fn is_done(&self) -> bool {
        self.watch.is_draining() && self.open == 0 && !self.acceptor.is_armed()
    }

    /// How long the kernel may wait if nothing happens; `None` for ever.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let at_once = self.is_awaited.then_some(Duration::ZERO);
        let look = self.watch.time_left(now()).filter(|_| self.open > 0);
        [at_once, self.acceptor.time_left(), look].into_iter().flatten().min()
    }

    pub(crate) fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        self.looks.moment = Some(moment);
        for key in (0..).take(self.clients.len()) {
            let Some(client) = client(&mut self.clients, key) else { continue };
            client.conversation.forgive(moment.lost, moment.now);
            if client.has(Wait::Answer) || client.has(Wait::Leave) {
                continue;
            }
            // Room is reported only once a third of the send buffer is free, which may take longer than any timeout.
            if self.tails.contains_key(&key) {
                self.looks.pending.insert(key, Known::default());
                self.send_rest(key);
            } else {
                self.look(key, Known::default());
            }
        }
    }

    /// What has become of a send is known: the look that has waited for it.
    pub(crate) fn look_again(&mut self, key: Key) {
        let is_asked = client(&mut self.clients, key).is_some_and(|client| client.has(Wait::Answer));
        if !is_asked && let Some(known) = self.looks.pending.remove(&key) {
            self.look(key, known);
        }
    }

    /// An answer has come. A socket for which the question fails has nothing to wait for.
    pub(crate) fn answered(&mut self, key: Key, question: Question, bytes: Result<u32, Errno>) {
        let Some(client) = client(&mut self.clients, key) else { return };
        client.end(Wait::Answer);
        if let Some(known) = self.looks.pending.remove(&key) {
            self.look(key, known.with(question, bytes.is_ok_and(|bytes| bytes > 0)));
        }
    }

    fn look(&mut self, key: Key, mut known: Known) {
        let Some(moment) = self.looks.moment else { return };
        let Some(client) = client(&mut self.clients, key).filter(|client| !client.has(Wait::Leave)) else {
            return;
        };
        if self.unread.has(key) {
            known = known.with(Question::Unread, true);
        }
        match client.conversation.look(&moment, known) {
            Ok(Look::Wait) => {}
            Ok(Look::Turn) => self.advance(key),
            Ok(Look::Late(late)) => {
                debug!("connection ended: {late}");
                self.close(key, Outcome::TimedOut);
            }
            Ok(Look::End(outcome)) => self.close(key, outcome),
            Err(question) => {
                client.begin(Wait::Answer);
                self.looks.pending.insert(key, known);
                self.ring.ask_socket(key, question);
            }
        }
    }
}
