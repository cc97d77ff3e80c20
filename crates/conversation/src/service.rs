//! What is served: the half of a conversation that knows the protocol.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use chassis::Options;
use protocol::{GREETING, Session};

/// A protocol, as a conversation needs it: bytes in; a reply, work or a refusal out. It sees no socket and no
/// clock, and one value of it serves one client.
///
/// A service may answer at once ([`Echo`]), or later: then it hands out [work](Then::Work), nothing more is read
/// from that client, and the model brings the result back later, from any thread.
pub trait Service: Default {
    /// What the server sends first; may be empty.
    const GREETING: &'static [u8];

    /// Whether it always answers at once: it hands out no work and refuses nobody. Nothing is then asked of it after an
    /// answer, which is a part of what a short message costs.
    const IS_IMMEDIATE: bool;

    /// The most bytes that it may be given at a time, if it keeps what it cannot answer yet.
    const MOST_AT_ONCE: usize = usize::MAX;

    /// What has to be worked out before the next answer. A service that always answers at once has none:
    /// [`Infallible`].
    type Work: fmt::Debug;

    /// What comes of that work.
    type Done;

    /// For a client that has been accepted by a server with these options.
    #[must_use]
    fn begin(options: &Options) -> Self {
        let _ = options;
        Self::default()
    }

    /// Takes bytes that the client has sent, in order and cut anywhere, never while work is outstanding. The reply
    /// may be made in place.
    fn receive<'bytes>(&mut self, bytes: &'bytes mut [u8]) -> Answer<'bytes, Self::Work>;

    /// Takes the result of the work that is outstanding.
    fn resume(&mut self, done: Self::Done) -> Answer<'static, Self::Work>;

    /// The client has closed its side: what may still be owed for an unfinished message.
    fn end(&mut self) -> Answer<'static, Self::Work> {
        Answer::default()
    }

    /// Whether the client is in the middle of a message, so that minimum progress is required of it.
    fn in_message(&self) -> bool;
}

/// What a service answers.
#[derive(Debug)]
pub struct Answer<'bytes, W> {
    /// To be sent to the client; may be empty.
    pub reply: Cow<'bytes, [u8]>,
    /// Whether the message that the client is in the middle of began in these bytes: its time begins now.
    pub message_began: bool,
    /// What follows.
    pub then: Then<W>,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then<W> {
    /// The client may continue.
    #[default]
    Continue,
    /// The next answer needs this. Until it is [there](Service::resume), nothing is read from the client.
    Work(W),
    /// The client has broken the protocol: after the reply it gets a FIN, and what it still sends is discarded.
    Refuse,
}

impl<W> Default for Answer<'_, W> {
    fn default() -> Self {
        Answer { reply: Cow::Borrowed(&[]), message_began: false, then: Then::Continue }
    }
}

/// The protocol of the series: every message comes back with each byte plus one. It answers at once, in place,
/// and never with more bytes than came in.
#[derive(Clone, Debug, Default)]
pub struct Echo {
    session: Session,
}

impl Service for Echo {
    const GREETING: &'static [u8] = &[GREETING];
    const IS_IMMEDIATE: bool = true;
    type Work = Infallible;
    type Done = Infallible;

    #[inline]
    fn receive<'bytes>(&mut self, bytes: &'bytes mut [u8]) -> Answer<'bytes, Infallible> {
        let (was_in_message, received) = (self.session.in_frame(), bytes.len());
        let length = self.session.transform_in_place(bytes);
        // Inside a message every byte but `$` gives one output byte. So if the reply is shorter than the input and a
        // message is open at the end, that message began in this input.
        let message_began = self.session.in_frame() && (!was_in_message || length < received);
        Answer { reply: Cow::Borrowed(&bytes[..length]), message_began, then: Then::Continue }
    }

    fn resume(&mut self, done: Infallible) -> Answer<'static, Infallible> {
        match done {}
    }

    fn in_message(&self) -> bool {
        self.session.in_frame()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_where_it_opens_and_not_where_it_goes_on() {
        let mut echo = Echo::default();
        let mut began = |bytes: &[u8]| echo.receive(&mut bytes.to_vec()).message_began;
        assert!(began(b"^ab"));
        assert!(!began(b"cd^"), "data, in the middle of a message");
        assert!(began(b"e$^f"), "ends one message and begins the next");
        assert!(!began(b"g$"), "ends a message and begins none");
        assert!(!began(b"noise"));
    }
}
