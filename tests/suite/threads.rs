//! The number of threads is part of each model's definition, so it is counted.

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_servers::models;
use observe::{Process, ServerProcess};

use crate::process::{PATIENCE, Server, serve_after};

/// One writes the log, one waits for signals.
const OF_EVERY_SERVER: usize = 2;

/// Starts a server, lets five clients connect, waits until `greeted` of them are served, and counts: soon there are so many.
/// A loop may have greeted all before the next one has started, and a thread that has returned may not be gone yet.
fn expect_threads(model: &str, arguments: &[&str], greeted: usize, expected: usize) {
    let program = Path::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    let server = ServerProcess::start(&models::command(program, model), arguments).unwrap();
    let mut clients: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    for client in &mut clients[..greeted] {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.read_exact(&mut [0]).unwrap();
    }
    let count = || Process::new(server.pid()).and_then(Process::holdings).unwrap().threads - OF_EVERY_SERVER;
    let start = Instant::now();
    while count() != expected && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(count(), expected, "{model} {arguments:?}");
}

#[test]
fn one_thread_serves_and_one_waits_to_drain_in_the_sequential_server() {
    expect_threads("sequential", &[], 1, 1 + 1);
}

#[test]
fn each_client_has_a_thread_beside_the_two_of_the_server() {
    expect_threads("thread-per-conn", &[], 5, 2 + 5);
}

#[test]
fn a_pool_has_its_workers_however_many_clients_come() {
    expect_threads("thread-pool", &["--workers", "3"], 3, 2 + 3);
    expect_threads("rayon", &["--workers", "3"], 3, 2 + 3);
}

#[test]
fn one_loop_has_one_thread() {
    let loops = ["coroutines", "select", "poll", "epoll", "mio", "callbacks", "futures", "io-uring"];
    for model in models::here().map(|model| model.name).filter(|name| loops.contains(name)) {
        expect_threads(model, &[], 5, 1);
    }
}

#[test]
fn each_of_several_loops_has_a_thread_beside_the_one_that_waits_for_them() {
    expect_threads("reactors", &["--workers", "3"], 5, 1 + 3);
}

#[test]
fn tokio_has_its_workers_beside_the_thread_that_waits_for_them_or_one_thread_in_all() {
    expect_threads("tokio", &["--workers", "3"], 5, 1 + 3);
    expect_threads("tokio", &["--runtime", "current-thread"], 5, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn tokio_for_each_core_has_a_thread_for_each_beside_the_one_that_waits_for_them() {
    let per_core = ["--runtime", "per-core", "--workers", "3"];
    expect_threads("tokio", &per_core, 5, 1 + 3);
}

/// What a loop needs it must have before another one accepts.
#[test]
fn clients_that_take_the_last_descriptors_before_all_loops_run_end_no_server() {
    for (model, runtime) in [("reactors", &[][..]), ("tokio", &["--runtime", "per-core"])] {
        let arguments = [runtime, &["--workers", "8", "--max-conns", "1000"]].concat();
        let server = Server::start(serve_after("ulimit -n 90", model, &arguments));
        let mut clients: Vec<TcpStream> =
            (0..100).map(|_| TcpStream::connect(server.address).unwrap()).collect();
        for client in &clients {
            client.shutdown(Shutdown::Write).unwrap();
        }
        for client in &mut clients {
            let mut heard = Vec::new();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.read_to_end(&mut heard).unwrap_or_else(|error| panic!("{model}: {error}"));
            assert_eq!(heard, b"*", "{model}");
        }
    }
}
