//! A client that knows what it must be answered: it walks the reference state machine alongside.

use protocol::Session;

use crate::case::Failure;
use crate::client::Client;

/// A greeted connection and the reference session that it must agree with.
#[derive(Debug)]
pub(crate) struct Dialogue {
    client: Client,
    session: Session,
}

impl Dialogue {
    /// Waits for the greeting and stands before the first byte.
    pub(crate) fn open(mut client: Client) -> Result<Self, Failure> {
        client.expect_greeting()?;
        Ok(Dialogue { client, session: Session::new() })
    }

    /// Sends `part` and reads all that is owed for it. Where something is owed, the server has read this
    /// part before the next one is sent: that is what keeps two parts from arriving in one read.
    pub(crate) fn say(&mut self, part: &[u8]) -> Result<(), Failure> {
        let mut owed = Vec::new();
        self.session.append_reply(part, &mut owed);
        self.client.ask(part, &owed)
    }

    /// Half-close, then nothing more and a FIN.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.client.expect_orderly_close()
    }
}
