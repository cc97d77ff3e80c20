//! Accepting: asked for once, it completes for each client. Each is greeted, and its receive is armed.

use std::io;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use chassis::{AcceptPolicy, AcceptStep};
use conversation::{Echo, Service};
use rustix::io::Errno;
use sockets::completion::{Completion, Operation, Outgoing, Payload};
use sockets::now;
use tracing::trace;

use crate::EventLoop;
use crate::client::{Client, Wait};

/// A listener, and whether accepting is under way.
pub(crate) struct Acceptor {
    /// `None` once the server drains.
    listener: Option<TcpListener>,
    is_armed: bool,
    policy: AcceptPolicy,
    /// A resource was short: do not accept before this moment.
    pause_until: Option<Instant>,
    /// Clients that it has accepted.
    pub(crate) served: u64,
    /// The error that ended the listener.
    pub(crate) ended: io::Result<()>,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener) -> Acceptor {
        Acceptor {
            listener: Some(listener),
            is_armed: false,
            policy: AcceptPolicy::new(),
            pause_until: None,
            served: 0,
            ended: Ok(()),
        }
    }

    /// Whether the kernel may still accept a client.
    pub(crate) const fn is_armed(&self) -> bool {
        self.is_armed
    }

    /// How long until it should be asked for again; `None` while it is under way.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let pause_left = self.pause_until.map(|until| until.saturating_duration_since(Instant::now()));
        (self.listener.is_some() && !self.is_armed).then_some(pause_left.unwrap_or_default())
    }
}

impl EventLoop<'_> {
    pub(crate) fn accept_if_due(&mut self) {
        if self.acceptor.time_left() == Some(Duration::ZERO)
            && let Some(listener) = &self.acceptor.listener
        {
            self.ring.accept(listener);
            self.acceptor.is_armed = true;
        }
    }

    /// A client has been accepted, or none can be.
    pub(crate) fn accepted(&mut self, completion: &Completion) {
        self.acceptor.is_armed &= completion.more;
        let errno = match completion.result {
            Ok(key) => {
                self.acceptor.policy.succeeded();
                self.acceptor.pause_until = None;
                return self.add(key);
            }
            Err(Errno::CANCELED) => return,
            Err(errno) => errno,
        };
        match self.acceptor.policy.judge(&errno.into()) {
            Ok(AcceptStep::Wait | AcceptStep::Retry) => {}
            Ok(AcceptStep::Pause(pause)) => self.acceptor.pause_until = Some(Instant::now() + pause),
            Err(error) => {
                self.acceptor.ended = Err(error);
                self.begin_drain();
            }
        }
    }

    fn add(&mut self, key: u32) {
        trace!(key, "accepted");
        self.acceptor.served += 1;
        // Counted before anybody else asks, so that the rings together keep to the limit.
        if !self.common.shared.admits_one_more() {
            return self.ring.close(key);
        }
        let place = key as usize;
        if self.clients.len() <= place {
            self.clients.resize_with(place + 1, || None);
        }
        let mut client = Client::new();
        client.begin(Wait::Receive);
        self.clients[place] = Some(client);
        self.open += 1;
        let (payload, to) = (Payload::Own(Echo::GREETING.into()), Echo::GREETING.len());
        self.send(key, Outgoing { payload, from: 0, to, is_rest: false });
        self.ring.receive(key);
    }

    /// No more clients. Those that the kernel has accepted meanwhile are served all the same.
    pub(crate) fn begin_drain(&mut self) {
        self.acceptor.listener = None;
        self.watch.begin_drain(now());
        self.cancel_accept();
    }

    pub(crate) fn cancel_accept(&mut self) {
        if self.acceptor.is_armed {
            self.ring.cancel(Operation::Accept, 0);
        }
    }
}
