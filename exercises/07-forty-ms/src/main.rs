//! A server that keeps its clients waiting for more than 40 ms a message, and does nothing meanwhile.
//!
//! A thread for each client, as in part 2 of the series, and each byte of a reply is sent as soon as it is known.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

use protocol::{GREETING, Session};

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
    let mut session = Session::new();
    let mut buffer = [0; 1024];
    client.write_all(&[GREETING])?;
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(()); // the client has closed its side
        }
        // CHANGE THIS: the first byte leaves at once. What does the second one wait for?
        for &byte in &buffer[..count] {
            if let Some(output) = session.step(byte) {
                client.write_all(&[output])?;
            }
        }
    }
}
