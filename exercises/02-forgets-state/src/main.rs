//! A server that forgets: a thread for each client, and the protocol's state machine by hand.
//!
//! `^` opens a message and `$` closes it. Each byte between them comes back plus one.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

#[derive(Clone, Copy)]
enum State {
    WaitForMsg,
    InMsg,
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client has failed: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    client.write_all(b"*")?;
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(()); // the client has closed its side
        }
        client.write_all(&reply_to(&buffer[..count]))?;
    }
}

/// What the client is sent for these bytes.
///
/// CHANGE THIS, and who calls it: one message may come in several reads. How long must the state live?
fn reply_to(bytes: &[u8]) -> Vec<u8> {
    let mut state = State::WaitForMsg;
    let mut reply = Vec::new();
    for &byte in bytes {
        state = match (state, byte) {
            (State::WaitForMsg, b'^') => State::InMsg,
            (State::InMsg, b'$') | (State::WaitForMsg, _) => State::WaitForMsg,
            (State::InMsg, data) => {
                reply.push(data.wrapping_add(1));
                State::InMsg
            }
        };
    }
    reply
}
