//! Accepting until shutdown is requested, and greeting.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;

use chassis::{AcceptPolicy, AcceptStep, Outcome, Shutdown};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::{select, time};
use tracing::{debug, trace};

use crate::client::Client;
use crate::server::Server;

/// The listener, and what ends it.
pub(crate) struct Acceptor {
    listener: TcpListener,
    shutdown: UnixStream,
    policy: AcceptPolicy,
}

impl Acceptor {
    pub(crate) fn new(listener: net::TcpListener, shutdown: &Shutdown) -> io::Result<Acceptor> {
        listener.set_nonblocking(true)?;
        Ok(Acceptor {
            listener: TcpListener::from_std(listener)?,
            shutdown: UnixStream::from_std(shutdown.to_stream()?)?,
            policy: AcceptPolicy::new(),
        })
    }

    /// Waits for the next client; `None` once shutdown has been requested.
    pub(crate) async fn next_client(&mut self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        loop {
            let accepted = select! {
                _ = self.shutdown.readable() => return Ok(None),
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.policy.succeeded();
                    return Ok(Some((stream, peer)));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait | AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => time::sleep(pause).await,
                },
            }
        }
    }
}

/// Takes in a client that has been accepted, or closes it at once if the server is full.
pub(crate) fn admit((stream, peer): (TcpStream, SocketAddr), server: &Arc<Server>) -> Option<Client> {
    server.counters.accept();
    let Some(place) = server.take_place() else {
        debug!(%peer, "rejected: as many connections as may be are open");
        server.counters.close(Outcome::Rejected);
        return None;
    };
    let mut client = Client::new(stream, place);
    match client.greet() {
        Ok(()) => Some(client),
        Err(error) => {
            debug!(%peer, %error, "cannot greet a client");
            None // dropped, it counts as an error
        }
    }
}
