//! How many threads does a server have? It does not say, but its answers come in waves.
//!
//! `pool-size ADDRESS` prints the number.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, io, thread};

/// The server has at most half as many threads.
const REQUESTS: u32 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).ok_or("the address of the server is missing")?;
    let latencies = ask(&address)?;
    for latency in &latencies {
        eprintln!("answered after {latency:.1?}");
    }
    println!("{}", pool_size(&latencies));
    Ok(())
}

/// The latency of each request. All are made at the same time.
fn ask(address: &str) -> io::Result<Vec<Duration>> {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..REQUESTS).map(|_| scope.spawn(|| ask_once(address))).collect();
        let joined = asking
            .into_iter()
            .map(|thread| thread.join().map_err(|_| io::Error::other("a thread panicked"))?);
        joined.collect()
    })
}

/// Connects, asks, and waits for the answer. What the server does takes always the same time.
fn ask_once(address: &str) -> io::Result<Duration> {
    let mut server = TcpStream::connect(address)?;
    let start = Instant::now();
    server.write_all(b"?\n")?;
    server.read_exact(&mut [0; 3])?; // "ok\n"
    Ok(start.elapsed())
}

/// The number of threads that these latencies tell of: as many as are in the first wave, which is full.
fn pool_size(latencies: &[Duration]) -> usize {
    let shortest = latencies.iter().min().copied().unwrap_or_default();
    // The second wave takes twice as long. Half way between them nobody is answered.
    latencies.iter().filter(|latency| **latency < shortest * 3 / 2).count()
}
