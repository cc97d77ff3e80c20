//! The client of the benches: blocking, and suspicious of every byte.
//!
//! The load generator measures for a time that is set beforehand; criterion asks for a number of iterations
//! and wants to know how long they took. So the benches speak to servers themselves, in a few lines.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use concurrent_servers::models::{FLOORS, Model};
use protocol::{END, GREETING, append_frame, append_frame_reply};

/// No server that works needs so long for anything, not even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a message: the payload of a frame, or all of it where a floor echoes.
pub(crate) const PAYLOAD_BYTES: usize = 64;

/// Messages that are sent in one piece, and what must come back.
#[derive(Debug)]
pub(crate) struct Batch {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Batch {
    /// So many messages for `model`. Each begins with another byte, and those of another `connection`
    /// with others again: a server that swaps two messages, or two connections, is found out.
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

/// Whether it speaks the protocol; the floors echo and do not greet.
pub(crate) fn greets(model: &Model) -> bool {
    !FLOORS.iter().any(|floor| floor.name == model.name)
}

/// The 255 bytes that a payload may hold. 0xFF, which must wrap, is among them.
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
    /// Connects, and waits for the greeting where one is due.
    pub(crate) fn connect(address: SocketAddr, model: &Model) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Client { stream, received: Vec::new() };
        if greets(model) {
            client.expect(&[GREETING]).context("the greeting is wrong")?;
        }
        Ok(client)
    }

    /// Sends all messages of the batch.
    pub(crate) fn send(&mut self, batch: &Batch) -> Result<()> {
        self.stream.write_all(&batch.request).context("cannot send")
    }

    /// Receives all their replies, each of them verified.
    pub(crate) fn receive(&mut self, batch: &Batch) -> Result<()> {
        self.expect(&batch.reply).context("a reply is wrong")
    }

    /// Closes, and waits until the server has closed, too, without another byte.
    pub(crate) fn close(mut self) -> Result<()> {
        self.stream.shutdown(Shutdown::Write).context("cannot close")?;
        let surplus = self.stream.read(&mut [0]).context("the server does not close")?;
        ensure!(surplus == 0, "more bytes came than were owed");
        Ok(())
    }

    fn expect(&mut self, expected: &[u8]) -> Result<()> {
        self.received.resize(expected.len(), 0);
        self.stream.read_exact(&mut self.received).with_context(|| {
            format!("{} bytes were owed and did not all come within {PATIENCE:?}", expected.len())
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
