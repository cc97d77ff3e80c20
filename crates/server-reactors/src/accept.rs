//! Accepting: some clients at a time, each greeted and then registered.

use std::io;
use std::net;
use std::sync::atomic::Ordering::Relaxed;

use chassis::Outcome;
use mio::net::TcpStream;
use mio::{Interest, Token};
use sockets::ready::Client;
use tracing::debug;

use crate::shard::Shard;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Urgent bytes, too: a read stops at one, and then a short read does not mean that the socket is empty.
#[cfg(target_os = "linux")]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

impl Shard<'_> {
    /// Accepts a bounded number of clients, so that those that are connected need not wait.
    ///
    /// # Errors
    /// The listener is broken.
    pub(crate) fn accept_batch(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPT_BATCH {
            let Some(acceptor) = &mut self.acceptor else { break };
            let Some(stream) = acceptor.next_client()? else { break };
            self.served += 1;
            // Counted before anybody else asks, so that the loops together keep to the limit.
            if !self.common.shared.admits_one_more(self.common.open.fetch_add(1, Relaxed)) {
                self.common.open.fetch_sub(1, Relaxed);
            } else if let Err(error) = self.add(stream) {
                debug!(%error, "cannot greet a client");
                self.common.open.fetch_sub(1, Relaxed);
                self.common.shared.close(Outcome::Error);
            }
        }
        Ok(())
    }

    fn add(&mut self, stream: net::TcpStream) -> io::Result<()> {
        let mut client = Client::greet(TcpStream::from_std(stream), &self.common.shared)?;
        let place = self.clients.vacant_entry();
        self.poll.registry().register(client.wire(), Token(place.key()), INTERESTS)?;
        place.insert(client);
        Ok(())
    }
}
