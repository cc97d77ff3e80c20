//! A client that computes the expected replies with the reference state machine.

use protocol::Session;

use crate::client::Client;
use crate::failure::Failure;

/// A greeted connection and the reference session it must agree with.
#[derive(Debug)]
pub(crate) struct Dialogue {
    client: Client,
    session: Session,
}

impl Dialogue {
    /// Waits for the greeting.
    pub(crate) fn open(mut client: Client) -> Result<Self, Failure> {
        client.expect_greeting()?;
        Ok(Dialogue { client, session: Session::new() })
    }

    /// Sends `part` and reads the whole reply to it. If there is a reply, the server has read this part before the next
    /// one is sent, so that two parts do not arrive in one read.
    pub(crate) fn say(&mut self, part: &[u8]) -> Result<(), Failure> {
        let mut owed = Vec::new();
        self.session.append_reply(part, &mut owed);
        self.client.ask(part, &owed)
    }

    /// Half-closes and expects a FIN without further bytes.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.client.expect_orderly_close()
    }
}
