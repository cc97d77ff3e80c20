//! A server that goes on when somebody is rude, slow, or one too many: a thread for each client, as in part 2 of the series.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{env, thread};

use protocol::{GREETING, Session};

/// How long to wait for a descriptor.
const PAUSE: Duration = Duration::from_secs(1);

/// Bytes that were sent to all clients.
static SENT: Mutex<u64> = Mutex::new(0);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for client in listener.incoming() {
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                // Who could not be accepted still waits, so the next attempt fails at once, too: a pause, and not a busy loop.
                eprintln!("cannot accept a client, trying again in a second: {error}");
                thread::sleep(PAUSE);
                continue;
            }
        };
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                // It is the end of this client and of its thread, and of nobody else.
                eprintln!("a client has failed: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> io::Result<()> {
    let mut session = Session::new();
    let mut buffer = [0; 16 << 10];
    send(&mut client, &[GREETING])?;
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(()); // the client has closed its side
        }
        let length = session.transform_in_place(&mut buffer[..count]);
        send(&mut client, &buffer[..length])?;
    }
}

/// Sends a reply, and counts it. Nothing that others need is held while the client keeps this thread waiting.
fn send(client: &mut TcpStream, reply: &[u8]) -> io::Result<()> {
    client.write_all(reply)?;
    *SENT.lock().unwrap_or_else(PoisonError::into_inner) += reply.len() as u64;
    Ok(())
}
