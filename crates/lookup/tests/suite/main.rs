//! The clients that block and that await, against the stand-in for Redis. What models answer with them is tested from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod asynchronous;
mod blocking;
#[expect(dead_code, reason = "the cache's own tests use more of it")]
#[path = "../../../cache/tests/suite/server.rs"]
mod server;

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use chassis::Options;
use server::{Client, PATIENCE, Server, ok, with_latency};

/// What goes wrong with lookups and does not last: `FAULT` and these words.
const FAULTS: &[&str] = &["wrong", "garbage", "error", "reset", "refuse", "slow 600000"];

fn options(address: SocketAddr) -> Options {
    Options { cache: Some(address.into()), ..Options::default() }
}

/// An address where nobody accepts and nobody refuses: whoever connects is answered by the kernel alone.
fn silent() -> (TcpListener, Options) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let options = options(listener.local_addr().unwrap());
    (listener, options)
}

/// The time that something takes.
fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = run();
    (result, began.elapsed())
}

/// A figure of `INFO`.
fn figure(client: &mut Client, name: &str) -> u64 {
    let resp::Reply::Bulk(info) = client.answer("info") else { panic!() };
    let info = String::from_utf8(info).unwrap();
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap().parse().unwrap()
}

#[test]
fn without_the_option_there_is_no_cache() {
    let options = Options::default();
    assert!(lookup::blocking::Cache::of(&options, 1).is_none());
    assert!(lookup::asynchronous::Cache::of(&options).is_none());
}
