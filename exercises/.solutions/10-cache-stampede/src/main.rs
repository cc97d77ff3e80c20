//! A cache before a slow server: what was asked for once is known, and while one asks the others wait for what it gets.
//!
//! `cache-stampede ADDRESS BACKEND`: a line with a key in, a line with its value out, here as there.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::{env, thread};

struct Cache {
    /// The address of the slow server.
    backend: String,
    known: Mutex<HashMap<String, Arc<Flight>>>,
}

/// One request to the backend, which is made by whoever comes first: its value, or nothing if it has failed.
type Flight = OnceLock<Option<String>>;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let backend = arguments.next().unwrap_or_else(|| "127.0.0.1:9091".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}, in front of {backend}", listener.local_addr()?);
    let cache = Arc::new(Cache { backend, known: Mutex::default() });
    for client in listener.incoming() {
        let (client, cache) = (client?, Arc::clone(&cache));
        thread::spawn(move || {
            if let Err(error) = serve(&client, &cache) {
                eprintln!("a client has failed: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: &TcpStream, cache: &Cache) -> io::Result<()> {
    for key in BufReader::new(client).lines() {
        let value = cache.get(&key?).unwrap_or_else(|error| {
            eprintln!("the backend has failed: {error}");
            "error".to_owned()
        });
        client.write_all(format!("{value}\n").as_bytes())?;
    }
    Ok(())
}

impl Cache {
    /// The value of a key. A failure is not kept: whoever asks next asks the backend again.
    fn get(&self, key: &str) -> io::Result<String> {
        // The lock of the table is held for a moment. Who waits for the backend waits at the flight, which is this key's alone.
        let flight = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key.to_owned()).or_default())
        };
        let value =
            flight.get_or_init(|| self.fetch(key).inspect_err(|error| eprintln!("{key}: {error}")).ok());
        if value.is_none() {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // Somebody may have begun another flight already.
            if known.get(key).is_some_and(|other| Arc::ptr_eq(other, &flight)) {
                known.remove(key);
            }
        }
        value.clone().ok_or_else(|| io::Error::other("nobody has got the value"))
    }

    /// Asks the backend, which takes its time.
    fn fetch(&self, key: &str) -> io::Result<String> {
        let mut backend = TcpStream::connect(&self.backend)?;
        backend.write_all(format!("{key}\n").as_bytes())?;
        let mut value = String::new();
        BufReader::new(backend).read_line(&mut value)?;
        let value = value.strip_suffix('\n').ok_or_else(|| io::Error::other("no whole answer"))?;
        Ok(value.to_owned())
    }
}
