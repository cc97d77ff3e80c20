//! Accepting: some clients at a time, each with a stack of its own.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use chassis::Outcome;
use corosensei::Coroutine;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use tracing::debug;

use crate::client::{Client, Resumed};
use crate::{EventLoop, Suspendable, converse};

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
                && let Err(error) = self.start(stream)
            {
                debug!(%error, "cannot serve a client");
                self.shared.close(Outcome::Error);
            }
        }
        Ok(())
    }

    /// Runs the conversation until it waits for the first time, and only then registers the socket: a new one has room for
    /// the greeting.
    fn start(&mut self, stream: TcpStream) -> io::Result<()> {
        let stack = self.stacks.take()?;
        let (shared, descriptor) = (Rc::clone(&self.shared), stream.as_raw_fd());
        let coroutine = Coroutine::with_stack(stack, move |yielder, _| {
            let mut client = Client::new(yielder, &shared, stream);
            let result = converse(&mut client);
            client.finish(&result)
        });
        let key = self.clients.insert(Suspendable { coroutine, is_queued: false });
        self.resume(key, Resumed::Ready { more: false });
        if self.clients.contains(key) {
            // While its coroutine is suspended, its socket is open; once it is closed, it leaves the poller by itself.
            let registered = self.poll.registry().register(&mut SourceFd(&descriptor), Token(key), INTERESTS);
            if let Err(error) = registered {
                self.clients.remove(key);
                return Err(error);
            }
        }
        Ok(())
    }
}
