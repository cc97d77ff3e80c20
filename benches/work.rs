//! The duration of one request of the prime service, on one connection, one request at a time: a small number alone, beside
//! a big one, and one that the cache knows.
//!
//! A small number is computed within microseconds, so `small` is the latency of an idle server and what a model adds to it:
//! where it hands work to another thread, two more wake-ups. In `beside-big` another client has a number in work all the
//! time that takes a thousand times as long: a model that computes in its loop answers when that one is done. In `hit`
//! nothing is computed; our stand-in for a cache answers without a latency.
//!
//! ```sh
//! cargo bench --bench work
//! cargo bench --bench work -- 'beside-big/prime-queue|beside-big/prime-inline'
//! ```

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::names::{BESIDE_BIG, HIT};
use concurrent_servers::models::Model;
use criterion::{BenchmarkId, SamplingMode};
use observe::ServerProcess;

/// A prime of 500 divisions.
const SMALL_NUMBER: u64 = 1_000_003;
/// A prime of 16 million divisions.
const BIG_NUMBER: u64 = 1_000_000_000_000_037;
/// Longer than a correct server needs for a big number, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let mut criterion = common::criterion();
    let mut group = criterion.benchmark_group("work");
    // A request behind a big one is long; samples of equal length keep to the configured time.
    group.sampling_mode(SamplingMode::Flat);
    for (case, model) in common::names::work() {
        common::bench(
            &mut group,
            BenchmarkId::new(case, model.name),
            &format!("work/{case}/{}", model.name),
            model,
            |model| Bed::set_up(case, model),
            |bed, iterations| {
                let start = Instant::now();
                for _ in 0..iterations {
                    bed.client.ask(SMALL_NUMBER)?;
                }
                Ok(start.elapsed())
            },
        );
    }
    group.finish();
    criterion.final_summary();
}

/// A server and its clients. What is stopped first stands first.
struct Bed {
    client: Client,
    _big: Option<Big>,
    _server: ServerProcess,
    _cache: Option<ServerProcess>,
}

impl Bed {
    fn set_up(case: &str, model: &Model) -> Result<Self> {
        let cache = (case == HIT).then(common::start_cache).transpose()?;
        let asked = cache.as_ref().map(|cache| format!("--cache={}", cache.address()));
        let options: Vec<&str> = asked.iter().map(String::as_str).collect();
        let server = common::start_with(model, &options)?;
        let big = (case == BESIDE_BIG).then(|| Big::start(server.address())).transpose()?;
        let mut client = Client::connect(server.address())?;
        // The first answer of all is stored in the cache; the others are hits.
        client.ask(SMALL_NUMBER)?;
        Ok(Bed { client, _big: big, _server: server, _cache: cache })
    }
}

struct Client {
    stream: TcpStream,
}

impl Client {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Client { stream })
    }

    /// Sends a prime, and checks that it is called one.
    fn ask(&mut self, prime: u64) -> Result<()> {
        self.stream.write_all(format!("{prime}\n").as_bytes()).context("cannot send")?;
        let mut answer = [0; b"prime\n".len()];
        self.stream.read_exact(&mut answer).context("waiting for an answer")?;
        ensure!(answer == *b"prime\n", "{prime} is prime, but the server answers {answer:?}");
        Ok(())
    }
}

/// A client that has a big number in work all the time, until this is dropped.
struct Big {
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Big {
    fn start(address: SocketAddr) -> Result<Self> {
        let mut client = Client::connect(address)?;
        let stream = client.stream.try_clone()?;
        // The first one is in work before anything is measured.
        client.ask(BIG_NUMBER)?;
        let thread = thread::spawn(move || while client.ask(BIG_NUMBER).is_ok() {});
        Ok(Big { stream, thread: Some(thread) })
    }
}

impl Drop for Big {
    fn drop(&mut self) {
        // Ends the wait of the thread, which has nothing to report.
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
