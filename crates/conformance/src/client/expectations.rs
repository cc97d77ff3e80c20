//! What a case expects of a connection, step by step.

use std::io::ErrorKind;
use std::net::Shutdown;

use protocol::GREETING;
use rustix::event::PollFlags;

use super::attempts::{Ending, Incoming, Outgoing};
use super::connection::{Client, cause};
use super::excerpt::{excerpt, first_difference};
use crate::failure::Failure;

impl Client {
    pub(crate) fn expect_greeting(&mut self) -> Result<(), Failure> {
        self.expect_at("greeting", &[GREETING])
    }

    /// Sends all of `bytes`, which the server must read.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.send_now(rest)? {
                Outgoing::Bytes(sent) => rest = &rest[sent..],
                Outgoing::Broken => {
                    return Err(unsent(bytes.len(), rest.len(), "a dropped connection"));
                }
                Outgoing::NoRoom => {
                    if !self.wait(PollFlags::OUT, self.patience())? {
                        let got = format!("a full socket for {:?}", self.patience());
                        return Err(unsent(bytes.len(), rest.len(), &got));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads exactly as many bytes as `expected` holds and compares them as they arrive.
    pub(crate) fn expect(&mut self, expected: &[u8]) -> Result<(), Failure> {
        self.expect_at("reply", expected)
    }

    /// Sends `input` and expects this reply to it, before anything else is sent.
    pub(crate) fn ask(&mut self, input: &[u8], reply: &[u8]) -> Result<(), Failure> {
        self.send(input)?;
        self.expect_at(&format!("reply to {}", excerpt(input, 0)), reply)
    }

    /// Half-closes: shuts down the sending side and keeps reading.
    pub(crate) fn finish_sending(&mut self) -> Result<(), Failure> {
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => {
                Err(Failure::new("half-close", "to shut down the sending side", cause(&error)))
            }
            _ => Ok(()), // no longer connected: the next read reports how it ended
        }
    }

    /// Shuts down the receiving side; Linux does not notify the server.
    pub(crate) fn shut_down_reading(&mut self) -> Result<(), Failure> {
        let shut = self.stream.shutdown(Shutdown::Read);
        shut.map_err(|error| Failure::new("shut down reading", "to succeed", cause(&error)))
    }

    /// Expects the stream to end here with a FIN and without further bytes.
    pub(crate) fn expect_fin(&mut self) -> Result<(), Failure> {
        self.expect_end().and_then(|ending| match ending {
            Ending::Fin => Ok(()),
            Ending::Reset => Err(Failure::new("end of stream", "a FIN", "a reset")),
        })
    }

    /// Expects the stream to end here with a FIN or a reset, without further bytes.
    pub(crate) fn expect_end(&mut self) -> Result<Ending, Failure> {
        let mut buffer = [0; 64];
        match self.read(&mut buffer)? {
            Incoming::End(ending) => Ok(ending),
            Incoming::Bytes(count) => {
                let got = format!("{} more", excerpt(&buffer[..count], 0));
                Err(Failure::new("end of stream", "nothing more, then the end", got))
            }
            Incoming::NothingYet => {
                Err(Failure::new("end of stream", "the end", format!("silence for {:?}", self.patience())))
            }
        }
    }

    /// Half-closes and expects a FIN without further bytes.
    pub(crate) fn expect_orderly_close(&mut self) -> Result<(), Failure> {
        self.finish_sending()?;
        self.expect_fin()
    }

    fn expect_at(&mut self, step: &str, expected: &[u8]) -> Result<(), Failure> {
        let mut got = Vec::with_capacity(expected.len());
        let fail = |got: &[u8], then: &str| {
            let from = first_difference(expected, got);
            Err(Failure::new(step, excerpt(expected, from), excerpt(got, from) + then))
        };
        let mut buffer = vec![0; expected.len().min(64 << 10)];
        while got.len() < expected.len() {
            let room = buffer.len().min(expected.len() - got.len());
            match self.read(&mut buffer[..room])? {
                Incoming::Bytes(count) => got.extend_from_slice(&buffer[..count]),
                Incoming::End(Ending::Fin) => return fail(&got, ", then the end of the stream"),
                Incoming::End(Ending::Reset) => return fail(&got, ", then a reset"),
                Incoming::NothingYet => {
                    return fail(&got, &format!(", then silence for {:?}", self.patience()));
                }
            }
            if first_difference(expected, &got) < got.len() {
                return fail(&got, "");
            }
        }
        Ok(())
    }
}

fn unsent(all: usize, left: usize, got: &str) -> Failure {
    Failure::new(
        "send",
        format!("the server to read {all} bytes"),
        format!("{got} with {left} of them unsent"),
    )
}
