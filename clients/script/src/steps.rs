//! What each connection sends, and when.

use std::num::NonZeroU32;
use std::time::Duration;

use protocol::Session;

/// One buffer, sent at once, and the pause after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The bytes to send.
    pub buffer: Vec<u8>,
    /// How long to pause afterwards.
    pub pause: Duration,
}

/// The steps that every connection plays, and the reply it must get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    steps: Vec<Step>,
    replies: Vec<u8>,
    owed_after_step: Vec<usize>,
}

impl Script {
    /// A script of these steps. The reply follows from the protocol.
    pub fn new(steps: Vec<Step>) -> Self {
        let mut session = Session::new();
        let mut replies = Vec::new();
        let mut owed_after_step = Vec::new();
        for step in &steps {
            session.append_reply(&step.buffer, &mut replies);
            owed_after_step.push(replies.len());
        }
        Script { steps, replies, owed_after_step }
    }

    /// The script of the series: three buffers in about 2.2 s.
    ///
    /// The first buffer ends outside a frame and the second inside one, so that one frame spans two buffers. The
    /// reply to `0000` is `1111`, which marks the end of the reply in the transcript.
    ///
    /// ```
    /// use script::Script;
    ///
    /// assert_eq!(Script::series().reply(), b"bcdbcuf23436bc1111");
    /// assert_eq!(Script::series().duration().as_millis(), 2200);
    /// assert_eq!([0, 1, 2, 3].map(|steps| Script::series().owed_after(steps)), [0, 7, 10, 18]);
    /// ```
    pub fn series() -> Self {
        let step = |buffer: &str, milliseconds| Step {
            buffer: buffer.as_bytes().to_vec(),
            pause: Duration::from_millis(milliseconds),
        };
        Script::new(vec![step("^abc$de^abte$f", 1000), step("xyz^123", 1000), step("25$^ab0000$abab", 200)])
    }

    /// The same script with every pause divided.
    #[must_use]
    pub fn faster(mut self, divisor: NonZeroU32) -> Self {
        for step in &mut self.steps {
            step.pause /= divisor.get();
        }
        self
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The whole reply that each connection must get, without the greeting.
    pub fn reply(&self) -> &[u8] {
        &self.replies
    }

    /// How long one connection takes if the server causes no delay: the sum of the pauses.
    pub fn duration(&self) -> Duration {
        self.steps.iter().map(|step| step.pause).sum()
    }

    /// The reply bytes that are due once this many steps have been sent.
    pub fn owed_after(&self, steps: usize) -> usize {
        steps.min(self.owed_after_step.len()).checked_sub(1).map_or(0, |last| self.owed_after_step[last])
    }

    /// The steps, each with the total number of reply bytes that are due once it is sent.
    pub(crate) fn steps_with_owed(&self) -> impl Iterator<Item = (&Step, usize)> {
        self.steps.iter().zip(self.owed_after_step.iter().copied())
    }
}
