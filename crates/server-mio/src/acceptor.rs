//! Accepting without ever blocking or spinning.

use std::io;
use std::net;
use std::time::{Duration, Instant};

use chassis::{AcceptPolicy, AcceptStep};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Poll, Token};
use tracing::trace;

/// The listener, and whether it is worth asking.
pub(crate) struct Acceptor {
    listener: TcpListener,
    /// The poller reports only changes, so that somebody may be waiting must be remembered.
    pub(crate) clients_wait: bool,
    policy: AcceptPolicy,
    /// The system was short of something: not before this moment.
    pause_until: Option<Instant>,
}

impl Acceptor {
    pub(crate) fn new(listener: net::TcpListener, poll: &Poll, token: Token) -> io::Result<Acceptor> {
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        poll.registry().register(&mut listener, token, Interest::READABLE)?;
        Ok(Acceptor { listener, clients_wait: false, policy: AcceptPolicy::new(), pause_until: None })
    }

    /// The next client, or `None` if nobody waits or the system is short of something.
    pub(crate) fn next_client(&mut self) -> io::Result<Option<TcpStream>> {
        while self.time_to_wait() == Some(Duration::ZERO) {
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.policy.succeeded();
                    self.pause_until = None;
                    return Ok(Some(stream));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait => self.clients_wait = false,
                    AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => self.pause_until = Some(Instant::now() + pause),
                },
            }
        }
        Ok(None)
    }

    /// How long until the listener should be asked again; `None` until the poller reports it.
    pub(crate) fn time_to_wait(&self) -> Option<Duration> {
        let pause_left = self.pause_until.map(|until| until.saturating_duration_since(Instant::now()));
        self.clients_wait.then_some(pause_left.unwrap_or_default())
    }
}
