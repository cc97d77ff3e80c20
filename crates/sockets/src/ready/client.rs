//! One client that takes turns: where it stands between two of them is all that it costs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use conversation::{Conversation, Moment};

use super::exchange::{Exchange, Receipt, Sending};
use super::shared::Shared;
use super::turn::Turn;
use crate::clock::now;
use crate::wire::Wire;

/// One client on a socket that does not block. It holds no buffer while it waits.
#[derive(Debug)]
pub struct Client<W> {
    conversation: Conversation,
    wire: W,
    /// For the loop: it stands in the queue of those whose last turn was [unfinished](Turn::Unfinished).
    pub is_queued: bool,
}

impl<W: Wire> Client<W> {
    /// Greets a client that has been accepted.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn greet(wire: W, shared: &Shared) -> io::Result<Client<W>> {
        let mut client = Client { conversation: Conversation::new(now()), wire, is_queued: false };
        client.exchange(shared).greet()?;
        Ok(client)
    }

    /// Its socket, to be registered with a poller.
    pub fn wire(&mut self) -> &mut W {
        &mut self.wire
    }

    /// A poller that reports changes has reported an urgent byte, or that the client has closed its side: a short read
    /// does not mean then that the socket is empty.
    pub fn expect_more(&mut self) {
        self.conversation.expect_more();
    }

    /// One turn: what is left of the last reply, then one `recv` and one `send`, however many messages they hold. An
    /// error or a panic on the way ends this client only: nothing that it leaves half done outlives the connection.
    pub fn take_turn(&mut self, buffer: &mut [u8], shared: &Shared) -> Turn {
        let mut exchange = self.exchange(shared);
        let turn = catch_unwind(AssertUnwindSafe(|| exchange.take_turn(buffer)));
        turn.unwrap_or_else(|_| Err(io::Error::other("its turn panicked")))
            .unwrap_or_else(|error| exchange.failed(&error))
    }

    /// What the clock and the drain say of this client.
    pub fn look(&mut self, moment: &Moment, shared: &Shared) -> Turn {
        self.exchange(shared).look(moment)
    }

    fn exchange<'client>(&'client mut self, shared: &'client Shared) -> Exchange<'client, W> {
        Exchange { conversation: &mut self.conversation, wire: &self.wire, shared }
    }
}

impl<W: Wire> Exchange<'_, W> {
    #[inline]
    fn take_turn(&mut self, buffer: &mut [u8]) -> io::Result<Turn> {
        match self.send_rest()? {
            Sending::Done => {}
            Sending::Blocked => return Ok(Turn::Wait),
            Sending::Refused => return Ok(Turn::Unfinished),
        }
        let (length, filled) = match self.receive(buffer)? {
            Receipt::Message { length, filled } => (length, filled),
            Receipt::Nothing => return Ok(Turn::Wait),
            Receipt::Refused => return Ok(Turn::Unfinished),
            Receipt::End(outcome) => return Ok(Turn::End(outcome)),
        };
        Ok(match self.answer(&mut buffer[..length])? {
            Sending::Blocked => Turn::Wait,
            Sending::Done if !self.conversation.may_read_on(filled) => Turn::Wait,
            Sending::Done | Sending::Refused => Turn::Unfinished,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_waiting_client_takes_at_most_64_bytes_of_a_table_that_grows_by_doubling() {
        assert!(2 * size_of::<Client<TcpStream>>() <= 64, "{} bytes", size_of::<Client<TcpStream>>());
    }
}
