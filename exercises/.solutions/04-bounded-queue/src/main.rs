//! A pool of threads: clients wait in a queue until a worker is free. Who finds the queue full is turned away.
//!
//! `bounded-queue ADDRESS WORKERS QUEUE`

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, TrySendError};
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

    let (sender, receiver) = mpsc::sync_channel(queue);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..workers {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || work(&receiver));
    }
    for client in listener.incoming() {
        match sender.try_send(client?) {
            Ok(()) => {}
            Err(TrySendError::Full(client)) => drop(client), // which closes it
            Err(TrySendError::Disconnected(_)) => return Err(io::Error::other("no worker is left")),
        }
    }
    Ok(())
}

/// What each worker does for ever.
fn work(receiver: &Mutex<Receiver<TcpStream>>) {
    loop {
        // The lock is held until the end of this statement. As the condition of a loop it would be held until the end of the
        // body, and no other worker could take a client meanwhile.
        let client = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(client) = client else { return };
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
