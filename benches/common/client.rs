//! The client of the benches: blocking, and it verifies every byte.
//!
//! The load generator measures for a fixed time; criterion requests a number of iterations and their duration. So the
//! benches have a small client of their own.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use concurrent_servers::models::{FLOORS, Model};
use protocol::{END, GREETING, append_frame, append_frame_reply};

/// Longer than a correct server needs for any action, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Size of a message in bytes: the payload of a frame, or the whole message for a floor, which echoes.
pub(crate) const PAYLOAD_BYTES: usize = 64;

/// Messages that are sent at once, and their replies.
#[derive(Debug)]
pub(crate) struct Batch {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Batch {
    /// A number of messages for `model`. They start with different bytes, also across connections, so that a server
    /// that swaps two messages or two connections is detected.
    pub(crate) fn new(model: &Model, messages: usize, connection: usize) -> Result<Self> {
        let mut batch = Batch { request: Vec::new(), reply: Vec::new() };
        for message in 0..messages {
            let first = connection * messages + message;
            let payload: Vec<u8> = alphabet().cycle().skip(first % 255).take(PAYLOAD_BYTES).collect();
            if greets(model) {
                append_frame(&payload, &mut batch.request)?;
                append_frame_reply(&payload, &mut batch.reply);
            } else {
                batch.request.extend_from_slice(&payload);
                batch.reply.extend_from_slice(&payload);
            }
        }
        Ok(batch)
    }
}

/// Whether the server speaks the protocol; the floors echo and do not greet.
pub(crate) fn greets(model: &Model) -> bool {
    !FLOORS.iter().any(|floor| floor.name == model.name)
}

/// The 255 bytes that a payload may contain, including 0xFF, which must wrap.
fn alphabet() -> impl Iterator<Item = u8> + Clone {
    (0..=0xFF).filter(|&byte| byte != END)
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    /// Connects and waits for the greeting, if there is one.
    pub(crate) fn connect(address: SocketAddr, model: &Model) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Client { stream, received: Vec::new() };
        if greets(model) {
            client.expect(&[GREETING]).context("waiting for the greeting")?;
        }
        Ok(client)
    }

    /// Sends all messages of the batch.
    pub(crate) fn send(&mut self, batch: &Batch) -> Result<()> {
        self.stream.write_all(&batch.request).context("cannot send")
    }

    /// Receives and verifies all their replies.
    pub(crate) fn receive(&mut self, batch: &Batch) -> Result<()> {
        self.expect(&batch.reply).context("waiting for a reply")
    }

    /// Half-closes and waits until the server closes, without further bytes.
    pub(crate) fn close(mut self) -> Result<()> {
        self.stream.shutdown(Shutdown::Write).context("cannot half-close")?;
        let surplus = self.stream.read(&mut [0]).context("the server does not close")?;
        ensure!(surplus == 0, "the server sent more bytes than were due");
        Ok(())
    }

    fn expect(&mut self, expected: &[u8]) -> Result<()> {
        self.received.resize(expected.len(), 0);
        self.stream.read_exact(&mut self.received).with_context(|| {
            format!("{} bytes are due, but not all arrived within {PATIENCE:?}", expected.len())
        })?;
        if self.received == expected {
            return Ok(());
        }
        let mut pairs = expected.iter().zip(&self.received).enumerate();
        match pairs.find(|(_, (expected, got))| expected != got) {
            Some((index, (expected, got))) => {
                bail!("byte {index} must be {expected:#04x}, but is {got:#04x}")
            }
            None => Ok(()),
        }
    }
}
