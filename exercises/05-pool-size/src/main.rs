//! How many threads does a server have? It does not say, but its answers come in waves.
//!
//! `pool-size ADDRESS` prints the number.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, io};

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

/// The latency of each request.
///
/// CHANGE THIS: who asks one thing after the other never meets a second thread.
fn ask(address: &str) -> io::Result<Vec<Duration>> {
    (0..REQUESTS).map(|_| ask_once(address)).collect()
}

/// Connects, asks, and waits for the answer. What the server does takes always the same time.
fn ask_once(address: &str) -> io::Result<Duration> {
    let mut server = TcpStream::connect(address)?;
    let start = Instant::now();
    server.write_all(b"?\n")?;
    server.read_exact(&mut [0; 3])?; // "ok\n"
    Ok(start.elapsed())
}

/// The number of threads that these latencies tell of.
///
/// CHANGE THIS: so many requests in so many waves is the right idea, but the last wave may not be full.
fn pool_size(latencies: &[Duration]) -> u32 {
    let shortest = latencies.iter().min().copied().unwrap_or_default();
    let longest = latencies.iter().max().copied().unwrap_or_default();
    let waves = (longest.as_secs_f64() / shortest.as_secs_f64()).round().max(1.0);
    (1..=REQUESTS).rev().find(|size| f64::from(*size) * waves <= f64::from(REQUESTS)).unwrap_or(1)
}
