//! A server that works, until somebody is rude, slow, or one too many.
//!
//! A thread for each client, as in part 2 of the series, with three of the faults of its servers.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::{env, process, thread};

use protocol::{GREETING, Session};

/// Bytes that were sent to all clients.
static SENT: Mutex<u64> = Mutex::new(0);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for client in listener.incoming() {
        // CHANGE THIS: when the process has as many descriptors as it may have, there is none for the next client.
        let client = client?;
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                // CHANGE THIS: whose end is this to be?
                eprintln!("a client has failed: {error}");
                process::exit(1);
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

/// Sends a reply, and counts it.
///
/// CHANGE THIS: how long does `write_all` take if the client reads nothing, and who waits meanwhile?
fn send(client: &mut TcpStream, reply: &[u8]) -> io::Result<()> {
    let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
    client.write_all(reply)?;
    *sent += reply.len() as u64;
    Ok(())
}
