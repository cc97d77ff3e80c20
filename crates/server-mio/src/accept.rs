//! Accepting: some clients at a time, each greeted and then registered.

use std::io;
use std::net;

use chassis::Outcome;
use mio::net::TcpStream;
use mio::{Interest, Token};
use sockets::ready::Client;
use tracing::debug;

use crate::EventLoop;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Urgent bytes, too: a read stops at one, and then a short read does not mean that the socket is empty.
#[cfg(target_os = "linux")]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

impl EventLoop {
    /// Accepts a bounded number of clients, so that those that are connected need not wait.
    ///
    /// # Errors
    /// The listener is broken.
    pub(crate) fn accept_batch(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPT_BATCH {
            let Some(acceptor) = &mut self.acceptor else { break };
            let Some(stream) = acceptor.next_client()? else { break };
            if self.shared.admits_one_more()
                && let Err(error) = self.add(stream)
            {
                debug!(%error, "cannot greet a client");
                self.shared.close(Outcome::Error);
            }
        }
        Ok(())
    }

    fn add(&mut self, stream: net::TcpStream) -> io::Result<()> {
        let mut client = Client::greet(TcpStream::from_std(stream), &self.shared)?;
        let place = self.clients.vacant_entry();
        self.poll.registry().register(client.wire(), Token(place.key()), INTERESTS)?;
        place.insert(client);
        Ok(())
    }
}
