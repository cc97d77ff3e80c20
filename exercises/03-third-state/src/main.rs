//! One thread, one loop, many clients. A client is in one of two states: it is inside a message, or it is not. The session
//! keeps that. A third state is missing.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::{env, fmt::Display};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use protocol::{GREETING, Session};

const LISTENER: Token = Token(0);

struct Client {
    socket: TcpStream,
    session: Session,
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    println!("listening on {}", listener.local_addr()?);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(64);
    let mut clients = HashMap::new();
    let mut last = LISTENER.0;
    let mut buffer = vec![0; 16 << 10];
    loop {
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error);
        }
        for token in events.iter().map(mio::event::Event::token) {
            if token == LISTENER {
                accept(&listener, poll.registry(), &mut last, &mut clients)?;
            } else if let Some(client) = clients.get_mut(&token) {
                let turn = client.turn(&mut buffer).and_then(|stays| {
                    // Registered anew, it is reported again if there is more to read: a turn is one read, so that one
                    // client that sends without end does not keep the others waiting.
                    if stays { client.wait(poll.registry(), token).map(|()| true) } else { Ok(false) }
                });
                if !turn.unwrap_or_else(|error| failed(&error)) {
                    clients.remove(&token); // which closes its socket
                }
            }
        }
    }
}

fn failed(error: &dyn Display) -> bool {
    eprintln!("a client has failed: {error}");
    false
}

fn accept(
    listener: &TcpListener,
    registry: &Registry,
    last: &mut usize,
    clients: &mut HashMap<Token, Client>,
) -> io::Result<()> {
    loop {
        let (socket, _) = match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            accepted => accepted?,
        };
        *last += 1;
        let token = Token(*last);
        let mut client = Client { socket, session: Session::new() };
        registry.register(&mut client.socket, token, Interest::READABLE)?;
        // One byte fits into an empty send buffer.
        if client.socket.write_all(&[GREETING]).is_ok() {
            clients.insert(token, client);
        }
    }
}

impl Client {
    /// The client is ready. Returns whether it stays.
    ///
    /// CHANGE THIS: the kernel takes as many bytes of a reply as it has room for. What becomes of the others?
    fn turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let count = match self.socket.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            read => read?,
        };
        let length = self.session.transform_in_place(&mut buffer[..count]);
        let sent = match self.socket.write(&buffer[..length]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        if sent < length {
            eprintln!("{} bytes of a reply did not fit", length - sent);
        }
        Ok(count > 0)
    }

    /// What this client is to be reported for. CHANGE THIS, too: is a client always worth reading?
    fn wait(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.reregister(&mut self.socket, token, Interest::READABLE)
    }
}
