//! A pool of threads: clients wait in a queue until a worker is free. It has two faults, and both show only under load.
//!
//! `bounded-queue ADDRESS WORKERS QUEUE`

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, thread};

use protocol::{GREETING, Session};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let address = arguments.first().map_or("127.0.0.1:9090", String::as_str);
    let number =
        |place: usize, usual| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (workers, queue): (usize, usize) = (number(1, 3), number(2, 8));

    let listener = TcpListener::bind(address)?;
    println!("listening on {}, {workers} workers, and room for {queue} who wait", listener.local_addr()?);

    // CHANGE THIS: however many wait, there is room for one more.
    let (sender, receiver) = mpsc::channel();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..workers {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || work(&receiver));
    }
    for client in listener.incoming() {
        // CHANGE THIS: who finds the queue full is to be turned away, which is a connection that closes without a byte.
        if sender.send(client?).is_err() {
            return Err(io::Error::other("no worker is left"));
        }
    }
    Ok(())
}

/// What each worker does for ever.
///
/// CHANGE THIS: several workers, and yet the clients are served one by one. Until when is the lock held?
fn work(receiver: &Mutex<Receiver<TcpStream>>) {
    while let Ok(client) = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv() {
        if let Err(error) = serve(client) {
            eprintln!("a client has failed: {error}");
        }
    }
}

/// A worker belongs to its client until that one closes.
fn serve(mut client: TcpStream) -> io::Result<()> {
    let mut session = Session::new();
    let mut buffer = [0; 1024];
    client.write_all(&[GREETING])?;
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let length = session.transform_in_place(&mut buffer[..count]);
        client.write_all(&buffer[..length])?;
    }
}
