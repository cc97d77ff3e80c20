//! The memory of an event-driven server per idle client.
//!
//! Measured from outside, as the growth of the process's private resident memory over thousands of idle
//! clients, each of which has been served once. The kernel's memory for a socket is not included; it is the same for
//! every model.
//!
//! This is a separate program because it raises its limit on open files, and because the gate also builds it with
//! optimisation.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use concurrent_servers::models::{MODELS, Model, PRIMES, command, find};
use conformance::Service;
use observe::{ServerProcess, usage};

/// The number for which the figures are stated, or as many as the limit on open files allows.
fn clients_to_open() -> usize {
    let _ = chassis::raise_descriptor_limit();
    chassis::default_max_connections().min(10_000)
}

/// Private resident memory of a process, in bytes.
fn private_memory(pid: u32) -> usize {
    usize::try_from(usage::read(pid).unwrap().anonymous_memory_bytes()).unwrap()
}

/// Clients that have been answered once. Many ask at once: a server whose wait walks all of them would otherwise walk
/// them for each.
fn served_clients(address: SocketAddr, service: Service, count: usize) -> Vec<TcpStream> {
    const AT_ONCE: usize = 500;
    // The greeting comes first.
    let (request, answer) = match service {
        Service::Echo => ("^a$", "*b"),
        Service::Primes => ("7\n", "prime\n"),
    };
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let first = clients.len();
        for _ in first..count.min(first + AT_ONCE) {
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            clients.push(client);
        }
        for client in &mut clients[first..] {
            let mut reply = vec![0; answer.len()];
            client.read_exact(&mut reply).unwrap();
            assert_eq!(reply, answer.as_bytes());
        }
    }
    clients
}

/// One measurement at a time, because two together would need twice the descriptors.
static DESCRIPTORS: Mutex<()> = Mutex::new(());

/// Bytes that each idle client adds.
fn bytes_per_idle_client(model: &str, arguments: &[&str]) -> usize {
    let _guard = DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner);
    let program = Path::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    let service = find(model).unwrap().service;
    let server = ServerProcess::start(&command(program, model), arguments).unwrap();
    // Allocates buffers, threads and tables that do not depend on the number of clients.
    let _warm = served_clients(server.address(), service, 16);
    let before = private_memory(server.pid());
    let clients = served_clients(server.address(), service, clients_to_open());
    assert!(clients.len() >= 500, "too few descriptors to measure: raise `ulimit -n`");
    private_memory(server.pid()).saturating_sub(before) / clients.len()
}

/// A model, further arguments, and what an idle client may cost it, in bytes of the server's own memory.
type Bound = (&'static str, &'static [&'static str], usize);

const IN_EVERY_BUILD: &[Bound] = &[
    ("select", &[], 64),
    ("poll", &[], 64),
    ("epoll", &[], 64),
    ("mio", &[], 64),
    ("callbacks", &[], 256),
    ("futures", &[], 256),
    ("reactors", &["--workers", "2"], 64),
    // Beside that the kernel has its armed receive: `many_connections` prints what it holds for both ends of a connection.
    ("io-uring", &[], 64),
    ("prime-inline", &[], 256),
    ("prime-queue", &[], 256),
    ("prime-callbacks", &[], 256),
];

/// Tasks and stacks are larger in a debug build.
const OPTIMISED: &[Bound] = &[
    ("coroutines", &[], 8 << 10),
    ("tokio", &["--runtime", "multi-thread"], 1 << 10),
    ("tokio", &["--runtime", "current-thread"], 1 << 10),
    #[cfg(target_os = "linux")]
    ("tokio", &["--runtime", "per-core"], 1 << 10),
    // A task has room for what it may wait for: a permit, a verdict, the cache.
    ("prime-promises", &[], 2 << 10),
    ("prime-async", &[], 6 << 10),
    ("prime-rayon", &[], 4 << 10),
    ("prime-async-inline", &[], 4 << 10),
];

/// These have no bound: a thread's stack is what a client costs.
const A_THREAD_FOR_EACH_CLIENT: &[&str] = &["prime-threads"];

fn hold(bounds: &[Bound]) {
    let bounds = bounds
        .iter()
        .filter(|(model, ..)| find(model).is_some_and(concurrent_servers::models::Model::runs_here));
    let over = bounds.filter_map(|&(model, arguments, bound)| {
        let bytes = bytes_per_idle_client(model, arguments);
        let figure = format!("{model} {}: {bytes} bytes, at most {bound}", arguments.join(" "));
        println!("{figure}");
        (bytes > bound).then_some(figure)
    });
    let over: Vec<String> = over.collect();
    assert!(over.is_empty(), "{over:?}");
}

#[test]
fn an_idle_client_costs_its_model_no_more_than_it_may() {
    hold(IN_EVERY_BUILD);
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "debug builds make tasks larger: cargo test --release --test idle_memory"
)]
fn an_idle_client_costs_its_model_no_more_than_it_may_where_it_has_a_task_or_a_stack() {
    hold(OPTIMISED);
}

#[test]
fn every_model_without_a_thread_for_each_client_has_a_bound() {
    let bounds = || IN_EVERY_BUILD.iter().chain(OPTIMISED);
    let has_threads = |model: &&Model| {
        model.floor == Some("floor-threads") || A_THREAD_FOR_EACH_CLIENT.contains(&model.name)
    };
    for model in MODELS.iter().chain(PRIMES).filter(|model| !has_threads(model)) {
        assert!(bounds().any(|(name, ..)| *name == model.name), "{} has no bound here", model.name);
    }
}
