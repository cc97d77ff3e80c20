//! A client of the program under test, which stays connected for as long as it is kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use text::escapes::Buffer;

/// The longest that a program may take for one action. It only has to tell slow from never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    patience: Duration,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Client, String> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .map_err(|error| format!("a client cannot connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("a client's socket has failed: {error}"))?;
        Ok(Client { stream, patience: PATIENCE })
    }

    /// The same client, which waits for this long.
    pub(crate) fn patient(self, patience: Duration) -> Client {
        Client { patience, ..self }
    }

    /// A connection that has been greeted.
    pub(crate) fn greeted(address: SocketAddr) -> Result<Client, String> {
        let mut client = Client::connect(address)?;
        client.expect(b"*", "the greeting")?;
        Ok(client)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream
            .write_all(bytes)
            .map_err(|error| format!("a client cannot send {}: {error}", shown(bytes)))
    }

    /// Says that nothing more is sent.
    pub(crate) fn finish(&self) {
        // It fails only if the connection has failed, which the next read says.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Sends a question and expects this answer.
    pub(crate) fn ask(&mut self, question: &[u8], answer: &[u8]) -> Result<(), String> {
        self.send(question)?;
        self.expect(answer, &format!("the answer to {}", shown(question)))
    }

    /// Expects exactly these bytes next.
    pub(crate) fn expect(&mut self, expected: &[u8], what: &str) -> Result<(), String> {
        let got = self.receive(expected.len(), |got| expected.starts_with(got))?;
        if got == expected {
            return Ok(());
        }
        let instead = match got.len() {
            0 => "nothing".to_owned(),
            _ => shown(&got),
        };
        Err(format!(
            "{what}: expected {}, got {instead}{}",
            shown(expected),
            self.how_it_ended(&got, expected)
        ))
    }

    fn how_it_ended(&mut self, got: &[u8], expected: &[u8]) -> String {
        if !expected.starts_with(got) {
            return String::new();
        }
        match self.receive(1, |_| false) {
            Ok(_) if self.is_at_end() => ", and the connection was closed".to_owned(),
            _ => format!(" within {:?}", self.patience),
        }
    }

    /// Expects a line, whatever it says.
    pub(crate) fn line(&mut self) -> Result<String, String> {
        let got = self.receive(128, |got| !got.ends_with(b"\n"))?;
        if got.ends_with(b"\n") {
            return Ok(String::from_utf8_lossy(&got).trim_end().to_owned());
        }
        Err(format!("expected a line, got {} within {:?}", shown(&got), self.patience))
    }

    /// At most this many bytes, until they are not what they should be, the stream ends, or the patience does.
    fn receive(&mut self, most: usize, is_good: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + self.patience;
        let mut got = Vec::new();
        while got.len() < most && is_good(&got) {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let mut byte = [0];
            let received =
                self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut byte));
            match received {
                Ok(0) => break,
                Ok(_) => got.push(byte[0]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => {
                    return Err(format!("a client's connection failed after {}: {error}", shown(&got)));
                }
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        Ok(got)
    }

    /// Whether something has arrived that was not read, or the connection has ended: without waiting.
    pub(crate) fn has_news(&self) -> bool {
        let peeked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        // A socket that cannot be made to block again fails in the next read.
        let _ = self.stream.set_nonblocking(false);
        !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Whether the server has closed its side, and nothing is left to read: without waiting.
    pub(crate) fn is_at_end(&self) -> bool {
        let peeked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        let _ = self.stream.set_nonblocking(false);
        match peeked {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    /// Whether the server closes the connection without a byte.
    pub(crate) fn is_turned_away(&mut self) -> bool {
        // A connection that fails is closed, too.
        let got = self.receive(1, |_| true).unwrap_or_default();
        got.is_empty() && self.is_at_end()
    }

    /// Sends until neither side's kernel takes any more, and reads nothing.
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> Result<(), String> {
        const QUIET: Duration = Duration::from_millis(300);
        const MOST: usize = 64 << 20;
        let failed = |error| format!("a client that only sends has failed: {error}");
        self.stream.set_write_timeout(Some(QUIET)).map_err(failed)?;
        let mut sent = 0;
        while sent < MOST {
            match self.stream.write(bytes) {
                Ok(count) => sent += count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(format!("a client that sends and reads nothing was not kept: {error}"));
                }
            }
        }
        Err(format!("the server has taken {MOST} bytes of a client that reads none of the replies"))
    }
}

pub(crate) fn shown(bytes: &[u8]) -> String {
    format!("`{}`", Buffer::from(bytes.to_vec()))
}
