//! Accepting without spinning.

use std::io;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use chassis::{AcceptPolicy, AcceptStep};
use rustix::io::Errno;
use tracing::trace;

use super::operation::{Completion, Key, Operation};
use super::ring::Ring;

/// A listener, and whether accepting is under way.
#[derive(Debug)]
pub struct Acceptor {
    /// `None` once the server drains.
    listener: Option<TcpListener>,
    is_armed: bool,
    policy: AcceptPolicy,
    /// A resource was short: do not accept before this moment.
    pause_until: Option<Instant>,
}

impl Acceptor {
    /// Nothing is asked for yet.
    #[must_use]
    pub fn new(listener: TcpListener) -> Acceptor {
        Acceptor { listener: Some(listener), is_armed: false, policy: AcceptPolicy::new(), pause_until: None }
    }

    /// Whether the kernel may still accept a client.
    #[must_use]
    pub const fn is_armed(&self) -> bool {
        self.is_armed
    }

    /// How long until it should be asked for again; `None` while it is under way.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let pause_left = self.pause_until.map(|until| until.saturating_duration_since(Instant::now()));
        (self.listener.is_some() && !self.is_armed).then_some(pause_left.unwrap_or_default())
    }

    /// Asks for it if that is due.
    pub fn ask_if_due(&mut self, ring: &mut Ring) {
        if self.time_left() == Some(Duration::ZERO)
            && let Some(listener) = &self.listener
        {
            ring.accept(listener);
            self.is_armed = true;
        }
    }

    /// The client that has been accepted, if one has.
    ///
    /// # Errors
    /// The listener itself is broken; every other failure is waited out (see [`AcceptPolicy`]).
    pub fn completed(&mut self, completion: &Completion) -> io::Result<Option<Key>> {
        self.is_armed &= completion.more;
        match completion.result {
            Ok(key) => {
                self.policy.succeeded();
                self.pause_until = None;
                // The kernel does not say who it is: an accept that goes on has one place for all addresses.
                trace!(place = key, "accepted");
                return Ok(Some(key));
            }
            Err(Errno::CANCELED) => {}
            Err(errno) => match self.policy.judge(&errno.into())? {
                AcceptStep::Wait | AcceptStep::Retry => {}
                AcceptStep::Pause(pause) => self.pause_until = Some(Instant::now() + pause),
            },
        }
        Ok(None)
    }

    /// Accepts no more, and closes the listener. Clients that the kernel has accepted before may still complete.
    pub fn stop(&mut self, ring: &mut Ring) {
        self.listener = None;
        if self.is_armed {
            ring.cancel(Operation::Accept, 0);
        }
    }
}
