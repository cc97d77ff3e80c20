//! One thread, one loop, many clients. A client is inside a message, or it is not: the session keeps that. Or a part of its
//! reply waits: then that is sent first, and nothing is read.

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
    /// What the kernel had no room for. While there is any, the client is not read: so it is never more than one buffer.
    waiting: Vec<u8>,
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
        let mut client = Client { socket, session: Session::new(), waiting: Vec::new() };
        registry.register(&mut client.socket, token, Interest::READABLE)?;
        // One byte fits into an empty send buffer.
        if client.socket.write_all(&[GREETING]).is_ok() {
            clients.insert(token, client);
        }
    }
}

impl Client {
    /// The client is ready. Returns whether it stays.
    fn turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        if !self.waiting.is_empty() {
            let sent = sent(self.socket.write(&self.waiting))?;
            self.waiting.drain(..sent);
            return Ok(true);
        }
        let count = match self.socket.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            read => read?,
        };
        let length = self.session.transform_in_place(&mut buffer[..count]);
        let sent = sent(self.socket.write(&buffer[..length]))?;
        self.waiting.extend_from_slice(&buffer[sent..length]);
        Ok(count > 0)
    }

    /// The third state: who has a reply that waits is reported when there is room for it, and not when there is more to read.
    fn wait(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = if self.waiting.is_empty() { Interest::READABLE } else { Interest::WRITABLE };
        registry.reregister(&mut self.socket, token, interest)
    }
}

fn sent(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}
