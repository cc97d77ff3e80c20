//! One client, and which operations of it are under way.

use conversation::Conversation;
use sockets::completion::Key;
use sockets::now;

/// One client. While it waits this is all that it costs: no buffer, and no descriptor.
pub(crate) struct Client {
    pub(crate) conversation: Conversation,
    under_way: u8,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Wait {
    /// A receive is armed.
    Receive = 1,
    /// It is being cancelled.
    ReceiveEnd = 1 << 1,
    /// A part of a reply has been handed over.
    Send = 1 << 2,
    /// Room in the socket is waited for.
    Room = 1 << 3,
    /// That is being cancelled.
    RoomEnd = 1 << 4,
    /// The FIN is on its way.
    Fin = 1 << 5,
    /// The kernel has been asked something.
    Answer = 1 << 6,
    /// The client is to go as soon as nothing of it is under way.
    Leave = 1 << 7,
}

impl Client {
    pub(crate) fn new() -> Client {
        Client { conversation: Conversation::new(now()), under_way: 0 }
    }

    pub(crate) const fn has(&self, wait: Wait) -> bool {
        self.under_way & wait as u8 != 0
    }

    pub(crate) const fn begin(&mut self, wait: Wait) {
        self.under_way |= wait as u8;
    }

    /// Begins it; whether it was not under way.
    pub(crate) const fn begins(&mut self, wait: Wait) -> bool {
        let is_new = !self.has(wait);
        self.begin(wait);
        is_new
    }

    pub(crate) const fn end(&mut self, wait: Wait) {
        self.under_way &= !(wait as u8);
    }

    /// Whether the kernel has nothing left to do for it, so that its socket can be closed and its place be given away.
    pub(crate) const fn is_at_rest(&self) -> bool {
        self.under_way & !(Wait::Leave as u8) == 0
    }
}

/// The client with this key, if it is still there.
pub(crate) fn client(clients: &mut [Option<Client>], key: Key) -> Option<&mut Client> {
    clients.get_mut(key as usize)?.as_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_client_takes_at_most_64_bytes_of_a_table_that_grows_by_doubling() {
        assert!(2 * size_of::<Option<Client>>() <= 64, "{} bytes", size_of::<Option<Client>>());
    }

    #[test]
    fn a_client_is_at_rest_once_nothing_of_it_is_under_way() {
        let mut client = Client::new();
        client.begin(Wait::Receive);
        client.begin(Wait::Leave);
        assert!(!client.is_at_rest());
        client.end(Wait::Receive);
        assert!(client.is_at_rest());
    }
}
