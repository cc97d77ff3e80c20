//! Accepting without ever blocking or spinning.

use std::io;
use std::net;
use std::time::{Duration, Instant};

use chassis::{AcceptPolicy, AcceptStep, Outcome};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Poll, Token};
use tracing::{debug, trace};

use crate::EventLoop;
use crate::connection::Connection;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

impl EventLoop<'_> {
    /// Accepts for a while, but not for so long that those who are connected would wait.
    pub(crate) fn accept_batch(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPT_BATCH {
            let Some(acceptor) = &mut self.acceptor else { break };
            let Some(stream) = acceptor.next_client()? else { break };
            self.counters.accept();
            if self.connections.len() >= self.max_connections {
                debug!("rejected: as many connections as may be are open");
                self.counters.close(Outcome::Rejected);
            } else if let Err(error) = self.admit(stream) {
                debug!(%error, "cannot greet a client");
                self.counters.close(Outcome::Error);
            }
        }
        Ok(())
    }

    /// Greets a client and only then registers it: a new socket has room for a byte, so waiting to be
    /// told that it is writable would be a turn for nothing. Should the system be short of memory for that byte,
    /// it waits like any reply.
    fn admit(&mut self, stream: TcpStream) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        connection.greet(self.options, &self.counters)?;
        let entry = self.connections.vacant_entry();
        connection.register(&self.poll, Token(entry.key()))?;
        entry.insert(connection);
        Ok(())
    }
}

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
