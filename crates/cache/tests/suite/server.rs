//! A cache on a thread of this process, and clients of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cache::Settings;
use chassis::{Options, Shutdown, Summary};
use resp::{Reply, ReplyDecoder, append_command};

/// Far beyond the slowness of any machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// No latency, and room for a mebibyte.
pub(crate) const SETTINGS: Settings =
    Settings { latency: Duration::ZERO, jitter: Duration::ZERO, memory: 1 << 20, faults: true };

pub(crate) fn with_latency(millis: u64) -> Settings {
    Settings { latency: Duration::from_millis(millis), ..SETTINGS }
}

/// A running cache, which is stopped when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    running: Option<JoinHandle<io::Result<Summary>>>,
}

impl Server {
    pub(crate) fn start(settings: Settings) -> Server {
        Server::with_options(settings, Options::default())
    }

    pub(crate) fn with_options(settings: Settings, options: Options) -> Server {
        let listener = chassis::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new().unwrap();
        let asked = shutdown.clone();
        let running = thread::spawn(move || cache::serve(listener, &options, &settings, &asked));
        Server { address, shutdown, running: Some(running) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::at(self.address).unwrap()
    }

    /// Asks it to stop, and waits for it.
    pub(crate) fn stop(mut self) -> Summary {
        self.shutdown.request();
        self.running.take().unwrap().join().unwrap().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.request();
    }
}

/// A connection to a cache, or to a real Redis.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    decoder: ReplyDecoder,
    /// What has been read and not been decoded.
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn at(address: SocketAddr) -> io::Result<Client> {
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        Ok(Client { socket, decoder: ReplyDecoder::new(1 << 20), unread: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Sends commands, given as words between spaces, in one write.
    pub(crate) fn ask(&mut self, commands: &[&str]) {
        let mut bytes = Vec::new();
        for command in commands {
            let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            append_command(&words, &mut bytes);
        }
        self.send(&bytes);
    }

    /// The reply to one command.
    pub(crate) fn answer(&mut self, command: &str) -> Reply {
        self.ask(&[command]);
        self.reply().unwrap()
    }

    /// The next reply.
    pub(crate) fn reply(&mut self) -> io::Result<Reply> {
        let mut buffer = [0; 4096];
        loop {
            let mut rest = self.unread.as_slice();
            let reply = self.decoder.decode(&mut rest).map_err(io::Error::other)?;
            self.unread = rest.to_vec();
            if let Some(reply) = reply {
                return Ok(reply);
            }
            match self.socket.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => self.unread.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// All bytes until the server closes.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.unread);
        self.socket.read_to_end(&mut rest)?;
        Ok(rest)
    }
}

pub(crate) fn ok() -> Reply {
    Reply::simple("OK")
}
