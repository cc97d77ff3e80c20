//! Accepting until shutdown is requested.

use std::io;
use std::net::{TcpListener, TcpStream};

use chassis::{AcceptPolicy, AcceptStep, Shutdown};
use tokio::io::{Interest, unix::AsyncFd};
use tokio::net::UnixStream;
use tokio::{select, time};
use tracing::trace;

use crate::client::watch;

/// The listener, and what ends it.
pub(crate) struct Acceptor {
    /// Not tokio's own: that would register each client at once, and without its urgent bytes (see `client.rs`).
    listener: AsyncFd<TcpListener>,
    shutdown: UnixStream,
    policy: AcceptPolicy,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, shutdown: &Shutdown) -> io::Result<Acceptor> {
        listener.set_nonblocking(true)?;
        let listener = watch(listener, Interest::READABLE)?;
        let shutdown = UnixStream::from_std(shutdown.to_stream()?)?;
        Ok(Acceptor { listener, shutdown, policy: AcceptPolicy::new() })
    }

    /// Waits for the next client; `None` once shutdown has been requested.
    pub(crate) async fn next_client(&mut self) -> io::Result<Option<TcpStream>> {
        loop {
            let accepted = select! {
                _ = self.shutdown.readable() => return Ok(None),
                accepted = self.listener.async_io(Interest::READABLE, chassis::accept) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    trace!(%peer, "accepted");
                    self.policy.succeeded();
                    return Ok(Some(stream));
                }
                Err(error) => match self.policy.judge(&error)? {
                    AcceptStep::Wait | AcceptStep::Retry => {}
                    AcceptStep::Pause(pause) => time::sleep(pause).await,
                },
            }
        }
    }
}
